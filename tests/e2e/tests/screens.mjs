// The playing page on a desk and on a phone, light and dark, for people to look at.

import { mkdir } from 'node:fs/promises';
import { assert, note, sleep } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { listen, statsWith } from '../lib/page.mjs';
import { Radio } from '../lib/radio.mjs';

const sizes = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

export const screens = (build) => async () => {
  const folder = `${build}/e2e-screens`;
  const radio = await Radio.start();
  const browser = await launchers.Chromium();
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of sizes) {
      const page = await listen(browser, radio, { viewport, colorScheme });
      await statsWith(page, ['tlsVersion', 'srtpCipher']);
      // The facts are refreshed twice a second; let the sound light up the grille.
      await sleep(2500);
      const [shown, wide] = await page.evaluate(() => [
        document.getElementById('fact-dtls').textContent,
        document.documentElement.scrollWidth,
      ]);
      assert.equal(shown, 'DTLS 1.3');
      assert.ok(wide <= viewport.width, `${wide} px wide on ${viewport.width}`);
      const path = `${folder}/${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path });
      note(path);
      await page.close();
    }
  }
  await browser.close();
  assert.equal(await radio.stop(), 0);
};
