// Ten listeners in one browser; one leaves and comes back, and the nine others lose nothing.

import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { Radio } from '../lib/radio.mjs';

const ENOUGH = 100; // packets: two seconds

/** Received and lost packets of every listener in the page, by place. */
async function counts(page) {
  return JSON.parse(await page.evaluate(async () => {
    const rows = await Promise.all(window.ten.map((listener) => listener.stats()));
    return JSON.stringify(rows.map(({ inbound }) => ({
      received: inbound?.packetsReceived ?? 0,
      lost: inbound?.packetsLost ?? 0,
      discarded: inbound?.packetsDiscarded ?? 0,
    })));
  }));
}

async function join(page, place) {
  await page.evaluate(async (at) => {
    const { Listener } = await import('/page/whep.js');
    const listener = new Listener('/whep');
    window.ten ??= [];
    window.ten[at] = listener;
    await listener.start();
  }, place);
}

async function everybodyHas(page, packets) {
  return until(`ten listeners have ${packets} packets`, async () => {
    const rows = await counts(page);
    return rows.length === 10 && rows.every(({ received }) => received >= packets) && rows;
  });
}

async function tenListeners() {
  const radio = await Radio.start();
  const browser = await launchers.Chromium();
  const page = await browser.newPage();
  await page.goto(radio.url);
  for (let place = 0; place < 10; place++) await join(page, place);
  const before = await everybodyHas(page, ENOUGH);
  assert.equal((await radio.stats()).station.listenersNow, 10);

  await page.evaluate(() => window.ten[4].stop());
  await radio.line(/^listener 5 left: .*, 9 now/);
  await join(page, 4);
  await radio.line(/^listener 11 joined/);
  const after = await until('the others have heard two seconds more', async () => {
    const rows = await counts(page);
    const enough = rows.every(({ received }, place) =>
      received >= ENOUGH + (place === 4 ? 0 : before[place].received));
    return enough && rows;
  });
  assert.equal((await radio.stats()).station.listenersNow, 10);
  for (const [place, row] of after.entries()) {
    assert.equal(row.lost, 0, `listener at place ${place} lost ${row.lost} packets`);
  }
  note(`received: ${after.map(({ received }) => received).join(' ')}`);

  // What the radio had sent arrives, and is not made up for by what came later.
  const { listeners } = await radio.stats();
  const sent = after.map((_, place) => {
    const number = place === 4 ? 11 : place + 1;
    return listeners.find((listener) => listener.number === number).outboundRtp.packetsSent;
  });
  const rows = await until('what was sent has come', async () => {
    const now = await counts(page);
    return now.every(({ received }, place) => received >= sent[place]) && now;
  });
  assert.deepEqual(rows.map(({ lost }) => lost), sent.map(() => 0));
  await browser.close();
  assert.equal(await radio.stop(), 0);
}

export const tests = [
  ['ten listeners at once, one leaves and comes back, nine lose no packet', tenListeners],
];
