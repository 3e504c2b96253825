// What the radio is given is what a browser hears: files by their pitch, and what cannot be played.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assert, note } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { flac } from '../lib/flac.mjs';
import { hear, listen } from '../lib/page.mjs';
import { longestRun, nameOf } from '../lib/melody.mjs';
import { Process, Radio } from '../lib/radio.mjs';

const RATE = 44100;
const NOTE = 0.4;

/** MIDI keys, one after the other. */
function tones(keys) {
  const each = RATE * NOTE;
  return Array.from({ length: keys.length * each }, (_, i) => {
    const hz = 440 * 2 ** ((keys[Math.floor(i / each)] - 69) / 12);
    return Math.round(12000 * Math.sin((2 * Math.PI * hz * i) / RATE));
  });
}

async function inFolder(test) {
  const folder = await mkdtemp(join(tmpdir(), 'strait-sources-'));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function heardOf(radio, seconds) {
  const browser = await launchers.Chromium();
  const page = await listen(browser, radio);
  const { notes } = await hear(page, seconds);
  note(`heard ${notes.map(nameOf).join(' ')}`);
  await browser.close();
  return notes;
}

/** A playlist of two files, the folder's order, round and round. */
const playlist = () => inFolder(async (folder) => {
  const [first, second] = [[60, 64, 67, 71], [74, 69, 65, 62]];
  await writeFile(join(folder, '2 up.flac'), flac(tones(first), RATE));
  await writeFile(join(folder, '10 down.flac'), flac(tones(second), RATE));
  await writeFile(join(folder, '3 broken.flac'), 'no music at all, whatever the name says');
  const radio = await Radio.start('--loop', folder);
  const notes = await heardOf(radio, 7);
  const { station } = await radio.stats();
  assert.match(station?.title ?? '', /^(2 up|10 down)$/);
  const wanted = [...first, ...second];
  const start = wanted.indexOf(notes[0]);
  assert.ok(notes.length >= 12, 'too few notes');
  assert.deepEqual(notes, notes.map((_, i) => wanted[(start + i) % wanted.length]));
  assert.match(radio.errors[0], /3 broken\.flac is not audio that can be read\.$/);
  assert.equal(await radio.stop(), 0);
});

/** The radio's own record of its melody goes through another radio as it is. */
const oggOpus = () => inFolder(async (folder) => {
  const file = join(folder, 'melody.opus');
  const recorder = await Radio.start('--seconds', '10', '--record', file);
  assert.equal(await recorder.ended, 0);
  const radio = await Radio.start('--loop', file);
  const notes = await heardOf(radio, 7);
  assert.ok(longestRun(notes) >= 8, 'the notes are not the melody\'s');
  assert.equal(await radio.stop(), 0);
  assert.deepEqual(radio.errors, []);
});

const nothing = () => inFolder(async (folder) => {
  const file = join(folder, 'letter.wav');
  await writeFile(file, 'Dear Sir, this is no music.');
  const radio = new Process(['--http-port', '0', '--udp-port', '0', file, join(folder, 'absent')]);
  assert.equal(await radio.ended, 1);
  assert.deepEqual(radio.errors, [
    `radio: ${file} is not audio that can be read.`,
    `radio: ${join(folder, 'absent')} cannot be read: No such file or directory.`,
    'radio: there is nothing to play.',
  ]);
});

export const tests = [
  ['Chromium hears a folder of FLAC files in order, round and round', playlist],
  ['Chromium hears an Ogg Opus file that is passed through', oggOpus],
  ['a radio with nothing to play says so and ends', nothing],
];
