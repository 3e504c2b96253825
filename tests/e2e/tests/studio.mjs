// The studio: Chromium's microphone goes on the air by the page, and what is in its way has a sentence.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { assert, note, sleep, together, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { nameOf } from '../lib/melody.mjs';
import { errorsOf, hear, listen, sentenceIn, texts } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';
import { writeNotes } from '../lib/wav.mjs';
import { KEYS, longestOwn, SECONDS } from './whip.mjs';

const studioOf = (radio) => new URL('studio', radio.url).href;

async function withMicrophone(test) {
  const folder = await mkdtemp(`${tmpdir()}/radio-studio-`);
  try {
    await writeNotes(`${folder}/notes.wav`, KEYS, SECONDS);
    await test(await launchers.ChromiumWithMicrophone(`${folder}/notes.wav`));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Asked for a token: a wrong one, and then the right one. */
async function giveToken(page) {
  await page.click('#record');
  assert.match(await sentenceIn(page, 'held'), /wants its token/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'token');
  await page.keyboard.type('wrong');
  await page.keyboard.press('Enter');
  await until('the token is refused', async () =>
    /not this radio's token/.test(await sentenceIn(page, 'held')));
  await page.keyboard.type('sesame');
  await page.keyboard.press('Enter');
  assert.match(await sentenceIn(page, 'playing'), /^Everybody hears you/);
  assert.ok(await page.isHidden('#token-form'));
}

const FACTS = ['rtt', 'loss', 'lost', 'jitter', 'bitrate', 'packets', 'keys', 'srtp', 'time'];

async function checkFigures(radio, page) {
  const sent = (facts) => Number(facts.packets.replaceAll(',', ''));
  const before = await radio.stats();
  const facts = await until('reports have come', async () => {
    const found = await texts(page, 'fact-', FACTS);
    const isNew = sent(found) >= before.publisher.inboundRtp.packetsReceived;
    return isNew && found.rtt !== '–' && found.time !== '0:00' && found;
  });
  note(Object.entries(facts).map((fact) => fact.join(' ')).join(' | '));
  const { publisher, station } = await radio.stats();
  assert.equal(station.ingest, true);
  assert.equal(station.playing.kind, 'ingest');
  assert.equal(publisher.state, 'on air');
  assert.equal(facts.keys, `DTLS 1.3 · ${publisher.transport.tlsGroup}`);
  assert.equal(facts.srtp, publisher.transport.srtpCipher);
  assert.equal(facts.loss, '0.0 %');
  assert.equal(facts.lost, String(publisher.inboundRtp.packetsLost));
  const { packetsReceived } = publisher.inboundRtp;
  assert.ok(sent(facts) <= packetsReceived + 5, `${facts.packets} are shown, ${packetsReceived} came`);
  assert.match(facts.rtt, /^\d+(\.\d)? ms$/);
  assert.match(facts.bitrate, /^\d\d+ kbit\/s$/);
  assert.match(facts.time, /^\d:\d\d$/);
  assert.ok(await page.evaluate(() => Math.max(...window.studio.meter.levels())) > -40, 'the level moves');
}

/** The other pages tell of it. */
async function checkPages(browser, radio, listener) {
  await until('the player says so', async () =>
    (await listener.textContent('#now-what')) === 'Live from the studio');
  const page = await browser.newPage();
  await page.goto(new URL('listeners', radio.url).href);
  await page.waitForSelector('#publisher', { state: 'visible' });
  await until('its figures', async () => /\d kbit/.test(await page.textContent('#publisher-facts')));
  const facts = await page.textContent('#publisher-facts');
  note(facts);
  assert.match(facts, /StateNo\. 1, on air.*DTLSDTLS 1\.3.*SRTPAEAD.*Loss0\.0 %/);
  return page;
}

const onAir = () => withMicrophone(async (browser) => {
  const radio = await Radio.start('--ingest-token', 'sesame');
  const listener = await listen(browser, radio);
  const page = await browser.newPage();
  const errors = errorsOf(page);
  await page.goto(studioOf(radio));
  await giveToken(page);
  await radio.line(/^publisher 1 is on the air$/);
  const { notes } = await hear(listener, 5);
  note(`heard ${notes.map(nameOf).join(' ')}`);
  assert.ok(longestOwn(notes) >= 6, `${longestOwn(notes)} notes in a row are the microphone's`);
  await checkFigures(radio, page);
  const table = await checkPages(browser, radio, listener);

  // The tab knows the token now; but the place is taken.
  const other = await browser.newPage();
  await other.goto(studioOf(radio));
  await other.click('#record');
  await sentenceIn(other, 'held');
  await other.fill('#token', 'sesame');
  await other.click('#token-form button');
  assert.match(await sentenceIn(other, 'failed'), /^Somebody else is on the air\. Press record again/);

  const goodbye = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.click('#record');
  assert.match(await sentenceIn(page, 'idle'), /^Press record/);
  assert.equal((await goodbye).status(), 200);
  await radio.line(/^publisher 1 left: it said goodbye$/);
  assert.equal(await page.evaluate(() => window.studio.stream), null);
  await table.waitForSelector('#publisher', { state: 'hidden' });
  await page.click('#record');
  await sentenceIn(page, 'playing');
  await radio.line(/^publisher 2 is on the air$/);
  assert.equal(await radio.stop(), 0);
  assert.match(await sentenceIn(page, 'failed'), /^The radio (ended the broadcast|does not answer)\./);
  assert.deepEqual(errors, []);
  await browser.close();
});

/** Nobody can publish: no page, no link to it. */
async function closed() {
  const radio = await Radio.start();
  for (const path of ['studio', 'page/studio.html']) {
    const response = await fetch(new URL(path, radio.url));
    assert.equal(response.status, 404);
    assert.match(await response.text(), /start it with --ingest/);
  }
  const open = await Radio.start('--ingest');
  assert.equal((await fetch(studioOf(open))).status, 200);
  const browser = await launchers.Chromium();
  const page = await browser.newPage();
  for (const [one, seen] of [[radio, false], [open, true]]) {
    for (const path of ['', 'listeners']) {
      await page.goto(new URL(path, one.url).href);
      await until('the station was asked', async () => (await page.textContent('#version')) !== '');
      assert.equal(await page.isVisible('#nav-studio'), seen, `${path} ${seen}`);
    }
  }
  await browser.close();
  assert.equal(await radio.stop(), 0);
  assert.equal(await open.stop(), 0);
}

/** No device, a refusal, a page that came without https: from another machine's address. */
async function noMicrophone() {
  const radio = await Radio.start('--ingest');
  const sentence = async (launcher, url) => {
    const browser = await launchers[launcher]();
    const page = await browser.newPage();
    await page.goto(url);
    await page.click('#record');
    await until('an answer', () => page.evaluate(() => window.studio.error));
    const text = await sentenceIn(page, 'failed');
    note(text);
    await browser.close();
    return text;
  };
  assert.match(await sentence('Chromium', studioOf(radio)), /^No microphone was found\. Plug one in/);
  assert.match(await sentence('ChromiumThatRefusesMicrophones', studioOf(radio)),
    /^The microphone was refused\. Allow it/);
  const [, address] = radio.lines.join(' ').match(/http:\/\/(?!localhost)(\S+?)\//) ?? [];
  assert.ok(address, 'the radio has an address that others use');
  assert.match(await sentence('Chromium', `http://${address}/studio`), /^Browsers give a microphone .*--tls-cert/);
  assert.equal(await radio.stop(), 0);
}

/** A radio that vanishes while one speaks. */
async function vanished() {
  const radio = await Radio.start('--ingest');
  const { page, kill } = await launchers.ChromiumWithMicrophoneToKill();
  await page.goto(studioOf(radio));
  await page.click('#record');
  await sentenceIn(page, 'playing');
  await sleep(1500);
  radio.child.kill('SIGKILL');
  assert.match(await sentenceIn(page, 'failed'), /^The radio does not answer\./);
  await kill();
}

const without = () => together(Object.entries({ closed, noMicrophone, vanished }));

export const tests = [
  ['studio: a token, a microphone on the air, heard, and off again', onAir],
  ['studio: not there, no microphone, no radio: a sentence for each', without],
];
