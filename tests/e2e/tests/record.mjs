// What the radio's endpoint took in, kept in a file, gives the same bytes again.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { listen, received } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const execute = promisify(execFile);

async function listenFor(browser, radio, packets) {
  const page = await listen(browser, radio);
  await until(`${packets} packets came`, async () => (await received(page)) > packets);
  return page;
}

const captured = (build) => async () => {
  const folder = await mkdtemp(`${tmpdir()}/radio-capture-`);
  const file = `${folder}/evening.strait`;
  try {
    const radio = await Radio.start('--capture', file);
    const browsers = [await launchers.Chromium(), await launchers.Firefox()];
    const [page] = await Promise.all(browsers.map((browser) => listenFor(browser, radio, 100)));
    await page.click('#play');
    await radio.line(/^listener \d left/);
    assert.equal(await radio.stop(), 0);
    for (const browser of browsers) await browser.close();

    assert.ok((await stat(file)).size > 20_000);
    const { stdout } = await execute(`${build}/tools/strait-replay`, [file]);
    note(stdout.trim());
    assert.match(stdout, /no difference/);
    const [, out] = stdout.match(/(\d+) out/);
    assert.ok(Number(out) > 200, `${out} datagrams went out again`);
  } finally {
    await rm(folder, { recursive: true });
  }
};

export const tests = (build) => [
  ['an evening with Chromium and Firefox is captured and replayed to the same bytes', captured(build)],
];
