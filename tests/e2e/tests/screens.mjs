// All pages on a desk and on a phone, light and dark, for people to look at; and what can be measured of it.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { assert, note, sleep, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { flac } from '../lib/flac.mjs';
import { faintTexts } from '../lib/looks.mjs';
import { listen, sentenceIn } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const RATE = 44100;
const desk = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const all = [[desk, 'light'], [desk, 'dark'], [phone, 'light'], [phone, 'dark']];
const some = [all[0], all[3]];

/** Half a minute of something that lights up many bands. */
function music() {
  return Array.from({ length: 30 * RATE }, (_, i) => {
    const beat = Math.exp(-(i % 22050) / 9000);
    const tones = [110, 220, 330, 660, 880, 1760, 2640];
    const chord = tones.reduce((sum, hz, at) =>
      sum + Math.sin((2 * Math.PI * hz * i) / RATE) * Math.sin(i / (9000 + 3000 * at)) ** 2, 0);
    return Math.round(2600 * chord + 6000 * beat * Math.sin((2 * Math.PI * 80 * i) / RATE));
  });
}

/** Pictures of a page in its forms; nothing sticks out, and every text can be read. */
async function take(page, folder, name, forms = all) {
  for (const [viewport, colorScheme] of forms) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await sleep(150);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= viewport.width, `${name}: ${wide} px wide on ${viewport.width}`);
    assert.deepEqual(await faintTexts(page), [], `${name}, ${colorScheme}`);
    const path = `${folder}/${name}-${viewport.width}-${colorScheme}.png`;
    await page.screenshot({ path, fullPage: true });
    note(path);
  }
}

async function takeAll(folder, radio, browser) {
  const idle = await browser.newPage();
  await idle.goto(radio.url);
  await until('the dial', () => idle.isVisible('#now-bar'));
  await take(idle, folder, 'player-off', some);
  await idle.click('#connection summary');
  await take(idle, folder, 'player-off-connection', some);
  await idle.close();

  const page = await listen(browser, radio);
  await until('the sound', () => page.evaluate(() => window.radio.listener.times.sound));
  await take(page, folder, 'player');
  await page.click('#connection summary');
  await until('a line in the plots', async () => /kbit/.test(await page.textContent('#plot-bitrate .value')));
  await take(page, folder, 'player-connection');

  const studio = await browser.newPage();
  await studio.goto(new URL('studio', radio.url).href);
  await studio.click('#record');
  await sentenceIn(studio, 'held');
  await take(studio, folder, 'studio-token', some);
  await studio.fill('#token', 'sesame');
  await studio.click('#token-form button');
  await sentenceIn(studio, 'playing');
  await until('reports', async () => (await studio.textContent('#fact-rtt')) !== '–');
  await take(studio, folder, 'studio');

  await (await listen(browser, radio)).close();
  await listen(browser, radio);
  const table = await browser.newPage();
  await table.goto(new URL('listeners', radio.url).href);
  await until('figures', async () => /\d kbit/.test(await table.textContent('tbody')));
  await take(table, folder, 'listeners');

  assert.equal(await radio.stop(), 0);
  await sentenceIn(page, 'failed');
  await take(page, folder, 'player-failed', some);
}

export const screens = (build) => async () => {
  const folder = `${build}/e2e-screens`;
  const files = await mkdtemp(`${tmpdir()}/radio-screens-`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(`${files}/Etude in seven tones.flac`, flac(music(), RATE));
    const radio = await Radio.start('--ingest-token', 'sesame', '--loop', files);
    const browser = await launchers.ChromiumWithMicrophone(`${files}/none.wav`);
    await takeAll(folder, radio, browser);
    await browser.close();
  } finally {
    await rm(files, { recursive: true });
  }
};
