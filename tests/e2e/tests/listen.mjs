// Press play: the notes are the melody's, and both sides say what was agreed on.

import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { hear, listen, numberOf, received, statsWith } from '../lib/page.mjs';
import { longestRun, nameOf } from '../lib/melody.mjs';
import { Radio } from '../lib/radio.mjs';

const SECONDS = 7;
const ENOUGH = 12; // notes in a row; 7 seconds have 29
const AEAD = /^AEAD_AES_(128|256)_GCM$/;

// Browsers write IANA's name with the registry's prefix.
const srtpCipher = (transport) => transport.srtpCipher.replace(/^SRTP_/, '');

async function checkNotes(page) {
  const { notes, stereo } = await hear(page, SECONDS);
  note(`heard ${notes.map(nameOf).join(' ')}`);
  assert.ok(longestRun(notes) >= ENOUGH, `only ${longestRun(notes)} notes in a row are the melody's`);
  assert.ok(stereo, 'left and right are the same');
}

/** Chromium's own words; Firefox may leave some out. */
async function checkBrowserStats(page, name, ours) {
  // Firefox tells no version of DTLS, and before 146 no cipher of SRTP either.
  const told = (await hasPostQuantum(page)) ? ['srtpCipher'] : [];
  const wanted = name === 'Chromium' ? ['tlsVersion', 'srtpCipher', 'dtlsCipher'] : told;
  const { transport } = await statsWith(page, wanted);
  note(`getStats: ${transport.tlsVersion} ${transport.dtlsCipher} ${transport.srtpCipher}`);
  if (transport.tlsVersion !== undefined) assert.equal(transport.tlsVersion, 'FEFC');
  if (wanted.length > 0) assert.equal(srtpCipher(transport), ours.srtpCipher);
}

/** Firefox's DTLS has had X25519MLKEM768 since 146; a machine may still have an older one. */
async function hasPostQuantum(page) {
  const firefox = /Firefox\/(\d+)/.exec(await page.evaluate(() => navigator.userAgent));
  return firefox === null || Number(firefox[1]) >= 146;
}

async function checkRadioStats(radio, page, role) {
  const postQuantum = await hasPostQuantum(page);
  const listener = await radio.listener(await numberOf(page));
  const { transport, course } = listener;
  note(`ms since the offer: ${JSON.stringify(course)}`);
  assert.equal(listener.state, 'on air');
  assert.equal(transport.iceState === 'connected' || transport.iceState === 'completed', true);
  assert.equal(transport.dtlsState, 'connected');
  assert.equal(transport.dtlsRole, role);
  assert.equal(transport.tlsVersion, 'FEFC');
  assert.equal(transport.tlsGroup, postQuantum ? 'X25519MLKEM768' : 'X25519');
  assert.match(transport.srtpCipher, AEAD);
  const fragments = postQuantum ? 2 : 1;
  assert.equal(transport.clientHelloFragments, role === 'server' ? fragments : 0);
  return transport;
}

/** The browser's receiver report arrives and says that nothing was lost. */
async function checkReception(radio, page) {
  const number = await numberOf(page);
  const { remoteInboundRtp } = await until('a receiver report came', async () => {
    const listener = await radio.listener(number);
    return listener.remoteInboundRtp?.roundTripTime !== undefined && listener;
  });
  assert.equal(remoteInboundRtp.packetsLost, 0);
  assert.ok(remoteInboundRtp.roundTripTime < 1);
}

async function tellFirstSound(page) {
  const times = JSON.parse(await page.evaluate(() => JSON.stringify(window.radio.listener.times)));
  const since = (time) => (time === undefined ? '?' : Math.round(time - times.begin));
  note(`ms since play: offer ${since(times.offer)}, answer ${since(times.answer)}, ` +
    `connected ${since(times.connected)}, first sound ${since(times.sound)}`);
}

async function leave(radio, page) {
  const number = await numberOf(page);
  const resource = await page.evaluate(() => window.radio.listener.resource);
  await page.click('#play');
  await radio.line(new RegExp(`^listener ${number} left: `));
  assert.equal((await fetch(resource, { method: 'DELETE' })).status, 404);
}

function listenTest(name, role) {
  return async () => {
    const radio = await Radio.start('--dtls-role', role);
    const browser = await launchers[name]();
    const page = await listen(browser, radio);
    await checkNotes(page);
    const ours = await checkRadioStats(radio, page, role);
    await checkBrowserStats(page, name, ours);
    await checkReception(radio, page);
    await tellFirstSound(page);
    await leave(radio, page);
    await browser.close();
    assert.equal(await radio.stop(), 0);
    assert.deepEqual(radio.errors, []);
  };
}

/** Browsers that do less than they could: what both sides say, without listening to the notes. */
function lessTest(launcher, wanted) {
  return async () => {
    const radio = await Radio.start();
    const browser = await launchers[launcher]();
    const page = await listen(browser, radio);
    await until('sound comes', async () => (await received(page)) > 50);
    const { transport } = await radio.listener(await numberOf(page));
    note(`${transport.tlsVersion} ${transport.tlsGroup} ${transport.dtlsCipher} ${transport.srtpCipher}`);
    for (const [name, value] of Object.entries(wanted)) assert.equal(transport[name], value, name);
    assert.match(transport.srtpCipher, AEAD);
    await browser.close();
    assert.equal(await radio.stop(), 0);
  };
}

const pairs = ['Chromium', 'Firefox'].flatMap((name) => ['server', 'client'].map((role) => [
  `${name} hears the melody over DTLS 1.3, the radio as ${role}`, listenTest(name, role),
]));

export const tests = [
  ...pairs,
  ['Chromium without post-quantum keys comes with one ClientHello and X25519',
    lessTest('ChromiumWithoutPostQuantum',
      { tlsVersion: 'FEFC', tlsGroup: 'X25519', clientHelloFragments: 1 })],
  ['Firefox with DTLS 1.2 at most gets DTLS 1.2',
    lessTest('FirefoxWithDtls12', { tlsVersion: 'FEFD', clientHelloFragments: 1 })],
];
