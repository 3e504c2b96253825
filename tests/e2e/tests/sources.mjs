// What the radio is given is what browsers hear: files of each kind and standard input by their notes, and
// what cannot be played.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { assert, note } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { hear, listen } from '../lib/page.mjs';
import { longestRun, nameOf } from '../lib/melody.mjs';
import { Process, Radio } from '../lib/radio.mjs';

const execute = promisify(execFile);
const SECONDS = 0.35; // of each note

async function inFolder(test) {
  const folder = await mkdtemp(join(tmpdir(), 'strait-sources-'));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const writeNotes = (build, file, kind, keys, times = 1) =>
  execute(`${build}/tests/radio_notes`, [file, kind, times, SECONDS, ...keys].map(String));

const launchBoth = async () => [await launchers.Chromium(), await launchers.Firefox()];

/** What browsers hear of a radio at the same time. */
async function heardByAll(browsers, radio, seconds) {
  const all = await Promise.all(browsers.map(async (browser) => {
    const page = await listen(browser, radio);
    const { notes } = await hear(page, seconds);
    note(`${browser.name} heard ${notes.map(nameOf).join(' ')}`);
    return notes;
  }));
  await Promise.all(browsers.map((browser) => browser.close()));
  return all;
}

/** Each of `keys` is heard, and so many in a row as they follow one another, round their end as well. */
function assertRound(notes, keys, least) {
  const longest = longestRun(notes, keys);
  assert.ok(longest >= least, `only ${longest} notes in a row are the file's`);
  for (const key of keys) assert.ok(notes.includes(key), `${nameOf(key)} was not heard`);
}

// The folder's order; no note comes twice.
const FILES = [
  ['2 first.wav', 'wav', [60, 67, 62, 69]],
  ['3 then.flac', 'flac', [64, 71, 66, 73]],
  ['10 later.mp3', 'mp3', [72, 79, 74, 81]],
  ['11 more.ogg', 'vorbis', [76, 83, 78, 85]],
  ['12 last.opus', 'opus', [61, 68, 63, 70]],
];

/** A folder of every kind of file, round and round; what is broken is named and passed over. */
const everyKind = (build) => () => inFolder(async (folder) => {
  for (const [name, kind, keys] of FILES) await writeNotes(build, join(folder, name), kind, keys);
  await writeFile(join(folder, '4 broken.flac'), 'no music at all, whatever the name says');
  await writeFile(join(folder, 'cover.jpg'), 'a picture is passed over in silence');
  const browsers = await launchBoth();
  const radio = await Radio.start('--loop', folder);
  const keys = FILES.flatMap(([, , own]) => own);
  for (const notes of await heardByAll(browsers, radio, 11)) assertRound(notes, keys, 12);
  const { station } = await radio.stats('station');
  const { kind, name, position, duration } = station.playing;
  assert.equal(name, station.title);
  const [, written] = FILES.find(([file]) => file.includes(` ${name}.`) || file.startsWith(name));
  assert.equal(kind, written === 'opus' ? 'ogg-opus' : 'file');
  assert.ok(Math.abs(duration - 4 * SECONDS) < 0.1, `a duration of ${duration} s`);
  assert.ok(position <= duration + 0.1, `${position} s of ${duration} s`);
  assert.equal(await radio.stop(), 0);
  for (const error of radio.errors) assert.match(error, /4 broken\.flac is not audio that can be read\.$/);
  assert.ok(radio.errors.length >= 1);
});

/** A pipe that is faster than time. */
const standardInput = (build, kind) => () => inFolder(async (folder) => {
  const file = join(folder, `notes.${kind}`);
  const keys = [60, 67, 62, 69, 64, 71, 66, 73];
  // Nearly three minutes, more than a slow browser needs; it is there before they begin.
  await writeNotes(build, file, kind, keys, 60);
  const browsers = await launchBoth();
  const radio = await Radio.startWith(file, '-');
  for (const notes of await heardByAll(browsers, radio, 5)) assertRound(notes, keys, keys.length);
  const { playing } = (await radio.stats('station')).station;
  assert.equal(playing.kind, 'stdin');
  assert.equal(playing.duration, undefined);
  assert.equal(await radio.stop(), 0);
  assert.deepEqual(radio.errors, []);
});

const nothing = () => inFolder(async (folder) => {
  const file = join(folder, 'letter.wav');
  const empty = join(folder, 'empty.opus');
  const song = join(folder, 'song.mp3');
  await writeFile(file, 'Dear Sir, this is no music.');
  await writeFile(song, 'Nor is this, and the library that finds it out must not say so itself.');
  await writeFile(empty, '');
  const radio = new Process(['--http-port', '0', '--udp-port', '0', file, song, empty,
    join(folder, 'absent')]);
  assert.equal(await radio.ended, 1);
  assert.deepEqual(radio.errors, [
    `radio: ${file} is not audio that can be read.`,
    `radio: ${song} is not audio that can be read.`,
    `radio: ${empty} is empty.`,
    `radio: ${join(folder, 'absent')} cannot be read: No such file or directory.`,
    'radio: there is nothing to play.',
  ]);
});

export const tests = (build) => [
  ['Chromium and Firefox hear a folder of every kind of file in order, round and round', everyKind(build)],
  ['Chromium and Firefox hear WAV on standard input', standardInput(build, 'wav')],
  ['Chromium and Firefox hear Ogg Opus on standard input', standardInput(build, 'opus')],
  ['a radio with nothing to play says so and ends', nothing],
];
