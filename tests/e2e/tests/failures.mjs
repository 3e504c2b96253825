// What goes wrong for a listener, made to go wrong: the page says what to do.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { assert, note, sleep, together, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { errorsOf, listen, sentenceIn, stateOf } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const WRONG = `sha-256 ${Array.from({ length: 32 }, (_, i) => (i + 16).toString(16)).join(':')}`;

async function open(browser, radio) {
  const page = await browser.newPage();
  await page.goto(radio.url);
  return page;
}

/** From now on the page keeps what it says. */
const keepSentences = (page) => page.evaluate(() => {
  const state = document.getElementById('state');
  window.said = [];
  new MutationObserver(() => window.said.push(state.textContent)).observe(state, { childList: true });
});

const said = (page) => page.evaluate(() => window.said);

/** Presses play and returns the sentence in which it ends. */
async function failing(page) {
  await page.click('#play');
  const sentence = await sentenceIn(page, 'failed');
  note(sentence);
  assert.equal(await page.evaluate(() => window.radio.error), sentence);
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Play');
  assert.ok(!/\b[45]\d\d\b|Error|undefined|null/.test(sentence), 'no code but a sentence');
  return sentence;
}

// --- The radio is not there ------------------------------------------------------------------

async function killed(browser) {
  const radio = await Radio.start();
  const early = await open(browser, radio);
  const playing = await listen(browser, radio);
  const errors = errorsOf(playing);
  await until('sound', () => playing.evaluate(() => window.radio.listener?.times.sound));
  await keepSentences(playing);
  radio.child.kill('SIGKILL');
  assert.match(await failing(early), /^The radio does not answer\. See that it is running/);
  assert.match(await sentenceIn(playing, 'failed'), /^The radio does not answer\. /);
  assert.match((await said(playing))[0], /interrupted\. Waiting for it/);
  assert.equal(await playing.textContent('#listeners'), 'the radio does not answer');
  assert.deepEqual(errors, []);
}

/** A radio that stands still for a moment and goes on. */
async function interrupted(browser) {
  const radio = await Radio.start();
  const page = await listen(browser, radio);
  await until('sound', () => page.evaluate(() => window.radio.listener?.times.sound));
  const listener = await page.evaluateHandle(() => window.radio.listener);
  radio.child.kill('SIGSTOP');
  await until('it waits', async () => /interrupted/.test((await stateOf(page)).sentence));
  radio.child.kill('SIGCONT');
  await until('it goes on', async () => (await stateOf(page)).state === 'playing');
  assert.ok(await page.evaluate((same) => window.radio.listener === same, listener));
  assert.equal(await radio.stop(), 0);
}

/** Somebody else ends this connection; the radio itself goes on. */
async function letGo(browser) {
  const radio = await Radio.start();
  const page = await listen(browser, radio);
  await until('sound', () => page.evaluate(() => window.radio.listener?.times.sound));
  await fetch(await page.evaluate(() => window.radio.listener.resource), { method: 'DELETE' });
  const sentence = await sentenceIn(page, 'failed');
  note(sentence);
  assert.match(sentence, /^The radio has let go of this connection \(it said goodbye\)\. Press play to join/);
  assert.equal(await radio.stop(), 0);
}

// --- The radio says no -----------------------------------------------------------------------

async function refused(browser) {
  const radio = await Radio.start('--max-listeners', '1');
  const first = await listen(browser, radio);
  const second = await open(browser, radio);
  assert.match(await failing(second), /^All places .* taken\. Press play again in 30 seconds/);
  await first.click('#play');
  await radio.line(/^listener 1 left/);
  await second.click('#play');
  await sentenceIn(second, 'playing');
  await second.click('#play');
  await radio.line(/^listener 2 left/);

  // A browser that has no Opus
  await second.route('**/whep', (route) => route.continue({
    postData: route.request().postData().replaceAll('opus/48000/2', 'other/48000/2'),
  }));
  assert.match(await failing(second), /^The radio cannot use what this browser offers \(.*opus.*\)\. Update/);
  assert.equal(await radio.stop(), 0);
}

// --- No way, no keys, no WebRTC --------------------------------------------------------------

/** The answer names a port where nobody answers, as behind a firewall that swallows UDP. */
async function blocked(browser) {
  const radio = await Radio.start();
  const page = await open(browser, radio);
  const hole = createSocket('udp4');
  hole.bind(0);
  await once(hole, 'listening');
  const { port } = hole.address();
  await page.route('**/whep', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/^(a=candidate:\S+ 1 udp \d+ \S+) \d+/gmi, `$1 ${port}`);
    await route.fulfill({ response, body });
  });
  await keepSentences(page);
  const sentence = await failing(page);
  const hint = new RegExp(`^Still looking .* UDP port ${port} is blocked`);
  assert.ok((await said(page)).some((one) => hint.test(one)), 'no hint came before');
  assert.match(sentence, new RegExp(`UDP port ${port} is blocked on the way\\. Open it in the firewall`));
  hole.close();
  assert.equal(await radio.stop(), 0);
}

async function noKeys(browser) {
  const radio = await Radio.start('--expect-fingerprint', WRONG);
  assert.match(await failing(await open(browser, radio)), /^The keys .* could not be agreed on\. Reload/);
  assert.equal(await radio.stop(), 0);
}

async function noWebRtc() {
  const radio = await Radio.start();
  const browser = await launchers.FirefoxWithoutWebRtc();
  const page = await open(browser, radio);
  await page.click('#play');
  const sentence = await sentenceIn(page, 'failed');
  note(sentence);
  assert.match(sentence, /^This browser cannot play the radio: WebRTC is missing or turned off\. Turn it on/);
  await browser.close();
  assert.equal(await radio.stop(), 0);
}

/** Play without a gesture: browsers keep the sound back, and a press lets it out. */
async function heldBack(browser) {
  const radio = await Radio.start();
  const page = await browser.newPage();
  // Whatever a test asks of a page counts as a gesture: so the page tells of itself.
  await page.addInitScript(() => addEventListener('load', () => {
    new MutationObserver(() => console.log(document.body.dataset.state))
      .observe(document.body, { attributeFilter: ['data-state'] });
    window.radio.play();
  }));
  const held = page.waitForEvent('console', (message) => message.text() === 'held');
  await page.goto(radio.url);
  await held;
  const sentence = await sentenceIn(page, 'held');
  note(sentence);
  assert.match(sentence, /^The browser holds the sound back until you ask for it\. Press play\.$/);
  await sleep(1500);
  await sentenceIn(page, 'held'); // polls change nothing for long
  const number = await page.evaluate(() => window.radio.listener.number);
  await page.click('#play');
  await sentenceIn(page, 'playing');
  assert.equal(await page.evaluate(() => window.radio.listener.number), number, 'the same connection');
  await until('sound', () => page.evaluate(() => window.radio.listener.times.sound));
  assert.equal(await radio.stop(), 0);
}

/** All of them in one browser, since most are spent waiting. */
async function all() {
  const browser = await launchers.Chromium();
  const rows = [[blocked], [killed, refused, letGo], [interrupted, noKeys, heldBack], [noWebRtc]];
  await together(rows.map((row) => [row.map(({ name }) => name).join(', '), async () => {
    for (const part of row) await part(browser);
  }]));
  await browser.close();
}

export const tests = [
  ['failures: gone, still, full, blocked, without keys or WebRTC, held back: a sentence for each', all],
];
