// What must not work does not, and says why.

import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { listen, received } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const WRONG = `sha-256 ${Array.from({ length: 32 }, (_, i) => (i + 16).toString(16)).join(':')}`;

/** A browser whose certificate is not the expected one: by name, and without one RTP packet. */
function wrongFingerprint(name, role) {
  return async () => {
    const radio = await Radio.start('--dtls-role', role, '--expect-fingerprint', WRONG);
    const browser = await launchers[name]();
    const page = await browser.newPage();
    await page.goto(radio.url);
    await page.click('#play');
    const [line] = await radio.line(/^listener 1 failed: STRAIT_E_FINGERPRINT.*/);
    note(line);
    assert.match(line, /; 0 RTP packets were sent to it, 0 listeners now$/);
    const { station, ended } = await radio.stats();
    assert.equal(station.listenersNow, 0);
    assert.equal(ended.length, 1);
    assert.equal(ended[0].error, 'STRAIT_E_FINGERPRINT');
    assert.equal(ended[0].transport.dtlsState, 'failed');
    assert.equal(ended[0].outboundRtp.packetsSent, 0);
    assert.equal(ended[0].outboundRtp.rtcpSent, 0);
    await until('the page says so', () => page.evaluate(() => window.radio.state === 'failed'));
    note(`the page says: ${await page.evaluate(() => window.radio.error)}`);
    await browser.close();
    assert.equal(await radio.stop(), 0);
  };
}

/** A browser that is killed says nothing: its missing checks do. */
async function vanished() {
  const radio = await Radio.start();
  const { page, kill } = await launchers.ChromiumToKill();
  await page.goto(radio.url);
  await page.click('#play');
  await radio.line(/^listener 1 connected/);
  await kill();
  const [line] = await radio.line(/^listener 1 failed: STRAIT_E_CONSENT.*/);
  note(line);
  assert.equal((await radio.stats()).station.listenersNow, 0);
  assert.equal(await radio.stop(), 0);
}

/** Ctrl-C: every page is told, and says so. */
function offTheAir(name) {
  return async () => {
    const radio = await Radio.start();
    const browser = await launchers[name]();
    const page = await listen(browser, radio);
    await until('packets came', async () => (await received(page)) > 20);
    assert.equal(await radio.stop(), 0);
    assert.equal(radio.lines.at(-1), 'Off the air');
    const error = await until('the page says so', () => page.evaluate(() => window.radio.error));
    assert.equal(error, 'The radio went off the air. Press play when it is back.');
    await browser.close();
  };
}

export const tests = [
  ['Chromium with a wrong fingerprint fails by name and gets no RTP packet, the radio as server',
    wrongFingerprint('Chromium', 'server')],
  ['Chromium with a wrong fingerprint fails by name and gets no RTP packet, the radio as client',
    wrongFingerprint('Chromium', 'client')],
  ['Firefox with a wrong fingerprint fails by name and gets no RTP packet',
    wrongFingerprint('Firefox', 'server')],
  ['Chromium hears of it when the radio goes off the air', offTheAir('Chromium')],
  ['Firefox hears of it when the radio goes off the air', offTheAir('Firefox')],
  ['a browser that was killed is gone once its consent has expired', vanished],
];
