// The player and the listeners' page as a person uses them, and their figures against the browser's.

import { assert, note, sleep, together, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { focused } from '../lib/looks.mjs';
import { errorsOf, listen, numberOf, sentenceIn, stateOf } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const plain = (srtpCipher) => srtpCipher?.replace(/^SRTP_/, '');
const numbers = (text) => text.replaceAll(',', '').match(/\d+(\.\d+)?/g).map(Number);

// --- Figures ---------------------------------------------------------------------------------

/** From now on the page notes what getStats told it. */
function noteStats() {
  const { listener } = window.radio;
  const { stats } = listener;
  window.told = [];
  listener.stats = async () => {
    const rows = await stats.call(listener);
    window.told.push(rows);
    return rows;
  };
}

const toldTo = async (page) => JSON.parse(await page.evaluate(() => JSON.stringify(window.told)));
const ownStats = async (page) => JSON.parse(await page.evaluate(async () => {
  const rows = [...(await window.radio.listener.pc.getStats()).values()];
  return JSON.stringify(rows.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio'));
}));

const FACTS = ['state', 'dtls', 'group', 'cipher', 'srtp', 'remote', 'local', 'packets', 'brief'];

async function checkAgreed(radio, page, facts, rows) {
  const { transport: theirs } = await radio.listener(await numberOf(page));
  const { transport, remote, local } = rows;
  note(Object.values(facts).join(' | '));
  assert.equal(facts.state, 'connected');
  assert.equal(facts.dtls, { FEFC: 'DTLS 1.3', FEFD: 'DTLS 1.2' }[theirs.tlsVersion]);
  assert.equal(facts.group, theirs.tlsGroup);
  assert.equal(facts.cipher, theirs.dtlsCipher);
  assert.equal(facts.srtp, theirs.srtpCipher);
  // What the browser tells as well is the same.
  for (const name of ['tlsVersion', 'tlsGroup', 'dtlsCipher']) {
    if (transport[name]) assert.equal(transport[name], theirs[name], name);
  }
  if (transport.srtpCipher) assert.equal(plain(transport.srtpCipher), theirs.srtpCipher);
  assert.equal(facts.remote, `${remote.candidateType} ${remote.address}:${remote.port}`);
  assert.equal(String(remote.port), radio.udpPort);
  assert.ok(facts.local.startsWith(local.candidateType) && facts.local.includes(String(local.port)));
  assert.match(facts.brief, new RegExp(`^${facts.dtls}, ${facts.group} · first sound after \\d+ ms$`));
}

/** All that is shown and all that getStats told, at one moment, however slow the machine is. */
const snapshot = async (page) => JSON.parse(await page.evaluate((names) => JSON.stringify({
  facts: Object.fromEntries(names.map((name) => [name, document.getElementById(`fact-${name}`).textContent])),
  plots: Object.fromEntries(['rtt', 'loss', 'jitter', 'bitrate']
    .map((name) => [name, document.querySelector(`#plot-${name} .value`).textContent])),
  told: window.told,
}), FACTS));

/** Each plot's value is that of one answer of getStats. */
function checkPlots(shown, before, { inbound, pair }) {
  note(JSON.stringify(shown));
  const close = (text, value, digits) =>
    assert.ok(Math.abs(numbers(text)[0] - value) <= digits, `${text} is ${value}`);
  const rounding = (ms) => (ms < 10 ? 0.051 : 0.51);
  close(shown.jitter, 1000 * inbound.jitter, rounding(1000 * inbound.jitter));
  if (pair.currentRoundTripTime !== undefined) {
    const ms = 1000 * pair.currentRoundTripTime;
    close(shown.rtt, ms, rounding(ms));
  }
  const bytes = inbound.bytesReceived - before.inbound.bytesReceived;
  close(shown.bitrate, (8 * bytes) / (inbound.timestamp - before.inbound.timestamp), 0.51);
  assert.equal(shown.loss, '0.0 %');
  assert.ok(numbers(shown.bitrate)[0] > 50, 'music has more than 50 kbit/s');
}

/** Steps in their order, all of them, and the bars end where the next begin. */
async function checkCourse(page) {
  const rows = JSON.parse(await page.evaluate(() => JSON.stringify([...document.querySelectorAll('#course li')]
    .map((row) => ({
      name: row.querySelector('.step').textContent,
      at: row.querySelector('.at').textContent,
      from: parseFloat(row.querySelector('i').style.left),
      width: parseFloat(row.querySelector('i').style.width),
    })))));
  note(rows.map(({ name, at }) => `${name} ${at}`).join(', '));
  assert.deepEqual(rows.map(({ name }) => name),
    ['Offer', 'Answer', 'ICE', 'DTLS', 'First packet', 'First sound']);
  let before = 0;
  let end = 0;
  for (const { name, at, from, width } of rows) {
    assert.match(at, /^\d+ ms$/, name);
    const ms = parseInt(at, 10);
    assert.ok(ms >= before, `${name} at ${ms} ms, the step before at ${before}`);
    assert.ok(Math.abs(from - end) < 0.01 && width >= 0, `the bar of ${name} begins at ${from} %`);
    before = ms;
    end = from + width;
  }
  assert.ok(Math.abs(end - 100) < 0.01);
  assert.ok(before > 0 && before < 20_000);
}

function figures(name) {
  return async () => {
    const radio = await Radio.start();
    const browser = await launchers[name]();
    const page = await listen(browser, radio);
    await page.click('#connection summary');
    await page.evaluate(noteStats);
    await until('two polls were shown', async () => (await toldTo(page)).length >= 3);
    const earlier = await ownStats(page);
    const already = (await toldTo(page)).length;
    await until('two more', async () => (await toldTo(page)).length > already + 1);
    const { facts, plots, told } = await snapshot(page);
    const later = await ownStats(page);
    const [received, lost] = numbers(facts.packets);
    // The newest answer may wait for the radio's, and is shown with it.
    const at = told.findLastIndex(({ inbound }) => inbound.packetsReceived === received);
    assert.ok(at >= already && at >= told.length - 2, `${facts.packets} is no late answer of getStats`);
    checkPlots(plots, told[at - 1], told[at]);
    assert.ok(earlier.packetsReceived <= received && received <= later.packetsReceived);
    assert.equal(lost, later.packetsLost);
    await checkAgreed(radio, page, facts, told[at]);
    await checkCourse(page);

    const { outboundRtp } = await radio.listener(await numberOf(page));
    assert.ok(received <= outboundRtp.packetsSent, `${outboundRtp.packetsSent} were sent`);
    await browser.close();
    assert.equal(await radio.stop(), 0);
  };
}

// --- Volume ----------------------------------------------------------------------------------

/** What the browser puts out, in decibels, over `seconds`: Chromium counts it behind the volume. */
async function loudness(page, seconds) {
  const energy = async () => {
    const { totalAudioEnergy, totalSamplesDuration } = await ownStats(page);
    return [totalAudioEnergy, totalSamplesDuration];
  };
  const [before, from] = await energy();
  await sleep(1000 * seconds);
  const [after, to] = await energy();
  return 10 * Math.log10((after - before) / (to - from));
}

async function volume(browser, radio) {
  const page = await listen(browser, radio);
  const errors = errorsOf(page);
  await until('sound', () => page.evaluate(() => window.radio.listener.times.sound));
  const set = async (...keys) => {
    await page.focus('#volume');
    for (const key of keys) await page.keyboard.press(key);
    await sleep(1000); // what is on its way still sounds
  };
  const shown = () => page.evaluate(() => Math.max(...window.radio.meter.levels()));
  await set('End');
  const full = await loudness(page, 2);
  await set(...Array.from({ length: 5 }, () => 'PageDown'));
  assert.equal(await page.inputValue('#volume'), '50');
  const half = await loudness(page, 2);
  await set('m');
  const muted = await until('it is silent', async () => {
    const decibels = await loudness(page, 0.6);
    return decibels < -70 && decibels;
  });
  assert.equal(await page.getAttribute('#mute', 'aria-pressed'), 'true');
  assert.equal(await shown(), -60);
  await page.click('#mute');
  await sleep(1000);
  const again = await loudness(page, 1);
  note(`full ${full.toFixed(1)} dB, half ${half.toFixed(1)}, muted ${muted.toFixed(1)}, ` +
    `unmuted ${again.toFixed(1)}`);
  // Half the way is a quarter of the amplitude: 12 dB, and the melody itself moves by some.
  assert.ok(full - half > 8 && full - half < 16);
  assert.ok(again > half - 5 && again < half + 5);
  // It is remembered.
  await page.reload();
  assert.equal(await page.inputValue('#volume'), '50');
  assert.deepEqual(errors, []);
}

// --- By keyboard, still, hidden --------------------------------------------------------------

/** Tab until the focus is there; each stop on the way can be seen. */
async function tabTo(page, id) {
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    assert.ok(at.ring, `the focus on ${at.id} is not seen`);
    if (at.id === id) return;
  }
  assert.fail(`Tab does not come to ${id}`);
}

async function keyboard(browser, radio) {
  const page = await browser.newPage();
  await page.goto(radio.url);
  await tabTo(page, 'play');
  await page.keyboard.press('Enter');
  await sentenceIn(page, 'playing');
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Stop');
  await tabTo(page, 'mute');
  await page.keyboard.press('Space');
  assert.equal(await page.getAttribute('#volume', 'aria-valuetext'), '80 %, muted');
  await tabTo(page, 'volume');
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
  assert.equal(await page.getAttribute('#volume', 'aria-valuetext'), '75 %');
  assert.equal(await page.evaluate(() => document.getElementById('audio').volume.toFixed(4)), '0.5625');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.localName), 'summary');
  assert.ok((await focused(page)).ring);
  await page.keyboard.press('Enter');
  assert.ok(await page.isVisible('#course'));
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+Tab');
  assert.equal((await focused(page)).id, 'play');
  const number = await numberOf(page);
  await page.keyboard.press('Space');
  assert.equal((await stateOf(page)).state, 'idle');
  const gone = () => radio.lines.some((line) => line.startsWith(`listener ${number} left: `));
  await until('the radio was told', gone);
}

/** Every live region says each thing once, however long one listens. */
async function quietRegions(page) {
  await page.evaluate(() => {
    window.said = [];
    const seen = new MutationObserver(() => window.said.push(document.getElementById('state').textContent));
    for (const region of document.querySelectorAll('[role=status], [aria-live], output')) {
      seen.observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
  await sleep(2500);
  assert.deepEqual(await page.evaluate(() => window.said), []);
}

async function stillAndHidden(browser, radio) {
  const page = await listen(browser, radio, { reducedMotion: 'reduce' });
  const frames = () => page.evaluate(() => window.radio.scope.frames);
  await page.evaluate(() => {
    window.levels = 0;
    window.since = performance.now();
    new MutationObserver(() => window.levels++).observe(document.getElementById('left'),
      { attributes: true });
  });
  await quietRegions(page);
  const moved = await page.evaluate(() => (1000 * window.levels) / (performance.now() - window.since));
  assert.ok(moved > 0.5 && moved < 3, `the level moved ${moved.toFixed(1)} times a second`);
  assert.equal(await page.evaluate(() => window.radio.scope.grille.sides.flat().some(Boolean)), false);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await until('the grille lights up', () =>
    page.evaluate(() => window.radio.scope.grille.sides.flat().some((band) => band > 0.2)));

  const setHidden = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await setHidden(true);
  await sleep(200);
  const before = await frames();
  await sleep(1000);
  assert.equal(await frames(), before, 'a hidden page draws');
  await setHidden(false);
  await until('it draws again', async () => (await frames()) > before + 5);
}

// --- The listeners' page ---------------------------------------------------------------------

const rowsOf = (page) => page.evaluate(() => [...document.querySelectorAll('tbody tr:not(.leaving)')]
  .map((row) => Object.fromEntries([...row.cells].map((cell) => [cell.className, cell.textContent]))));

/** Presses the head of a column and returns the rows' numbers and the head's order. */
async function sortBy(page, name) {
  await page.focus(`thead .${name} button`);
  await page.keyboard.press('Enter');
  const order = await page.getAttribute(`thead .${name}`, 'aria-sort');
  assert.equal(await page.locator('thead [aria-sort]').count(), 1);
  return [order, ...(await rowsOf(page)).map(({ number }) => Number(number))];
}

async function checkRow(radio, page, number) {
  const before = await radio.listener(number);
  const bitrates = /^\d+ kbit\/s$/;
  const row = await until('the row has all', async () => {
    const found = (await rowsOf(page)).find((one) => one.number === String(number));
    const isNew = found && numbers(found.packets)[0] >= before.outboundRtp.packetsSent;
    return isNew && bitrates.test(found.bitrate) && found.rtt !== '–' && found;
  });
  const after = await radio.listener(number);
  note(Object.values(row).join(' | '));
  assert.equal(row.state, 'on air');
  assert.equal(row.dtls, `DTLS 1.3 · ${after.transport.tlsGroup}`);
  assert.equal(row.srtp, after.transport.srtpCipher);
  assert.match(row.time, /^\d:\d\d$/);
  assert.equal(row.loss, '0.0 %');
  assert.match(row.jitter, / ms$/);
  assert.ok(numbers(row.packets)[0] <= after.outboundRtp.packetsSent);
  assert.ok(numbers(row.bitrate)[0] > 50);
}

async function listeners() {
  const radio = await Radio.start();
  const browser = await launchers.Chromium();
  const [one, two] = [await listen(browser, radio), await listen(browser, radio)];
  const page = await browser.newPage();
  const errors = errorsOf(page);
  await page.goto(new URL('listeners', radio.url).href);
  await until('two rows', async () => (await rowsOf(page)).length === 2);
  assert.equal(await page.textContent('#now-count'), '2 listeners');
  await page.evaluate(() => { window.kept = [...document.querySelectorAll('tbody tr')]; });
  await checkRow(radio, page, 1);
  await checkRow(radio, page, 2);

  // It moves, and the rows stay what they are.
  const before = numbers((await rowsOf(page))[0].packets)[0];
  await until('packets are counted on', async () => numbers((await rowsOf(page))[0].packets)[0] > before + 40);
  assert.deepEqual(await sortBy(page, 'number'), ['descending', 2, 1]);
  assert.deepEqual(await sortBy(page, 'packets'), ['ascending', 2, 1]);
  assert.deepEqual(await sortBy(page, 'packets'), ['descending', 1, 2]);
  await page.click('thead .time button');
  assert.deepEqual((await rowsOf(page)).map(({ number }) => number), ['2', '1']);
  assert.ok(await page.evaluate(() => window.kept.every((row) => row.isConnected)), 'the rows were rebuilt');

  // Held still, and on again.
  await page.click('#hold');
  const held = await rowsOf(page);
  await sleep(1500);
  assert.deepEqual(await rowsOf(page), held);
  await page.click('#hold');

  await one.click('#play');
  await until('one row', async () => (await rowsOf(page)).length === 1);
  assert.equal(await page.textContent('#now-count'), '1 listener');
  const gone = await page.textContent('#ended li');
  note(gone);
  assert.match(gone, /^No\. 1 it said goodbye after \d:\d\d, [\d,]+ packets$/);
  await two.close();
  await page.waitForSelector('#nobody', { state: 'visible' });
  assert.equal(await page.locator('#ended li').count(), 2);
  assert.match(await page.textContent('#ended li'), /^No\. 2 /);
  assert.equal(await radio.stop(), 0);
  await until('the page says so', async () => /does not answer/.test(await page.textContent('#summary')));
  assert.deepEqual(errors, []);
  await browser.close();
}

/** Three persons at the same radio. */
async function person() {
  const radio = await Radio.start();
  const browser = await launchers.Chromium();
  const parts = { volume, keyboard, stillAndHidden };
  await together(Object.entries(parts).map(([name, part]) => [name, () => part(browser, radio)]));
  await browser.close();
  assert.equal(await radio.stop(), 0);
}

const bothFigures = () => together(['Chromium', 'Firefox'].map((name) => [name, figures(name)]));

export const tests = [
  ['pages: the figures are those of getStats and of the radio in Chromium and Firefox', bothFigures],
  ['pages: volume, keyboard alone, less motion, nothing drawn while hidden', person],
  ['pages: the listeners\' table moves, sorts and tells who left and why', listeners],
];
