// Chromium and Firefox behind the same few words.

import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

import { GIVE_UP_MS } from './tap.mjs';

const open = new Set();

/** The libraries' own limit, half a minute, is short for a machine that does something else as well. */
async function patientPage(browser, options) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(GIVE_UP_MS);
  return page;
}

class Browser {
  constructor(name, browser, newPage) {
    Object.assign(this, { name, browser, newPage });
    open.add(this);
  }

  async close() {
    open.delete(this);
    await this.browser.close();
  }
}

// Both run as a person has them, but for the window; tests may run as root, hence no sandbox.
const chromiumOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
  timeout: GIVE_UP_MS,
};

async function launchChromium(...flags) {
  const { args, ...others } = chromiumOptions;
  const browser = await chromium.launch({ ...others, args: [...args, ...flags] });
  return new Browser('Chromium', browser, (options) => patientPage(browser, options));
}

async function launchFirefox(extraPrefsFirefox = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    timeout: GIVE_UP_MS,
    extraPrefsFirefox,
  });
  return new Browser('Firefox', browser, () => patientPage(browser));
}

/** One page of a Chromium that `kill` ends without a goodbye. */
async function launchToKill(...flags) {
  const { args, ...others } = chromiumOptions;
  const server = await chromium.launchServer({ ...others, args: [...args, ...flags] });
  const browser = await chromium.connect(server.wsEndpoint());
  open.add({ close: () => server.kill() });
  return { page: await patientPage(browser), kill: () => server.kill() };
}

// A microphone that beeps, or plays a WAV file, and that nobody is asked about.
const microphone = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];

export const launchers = {
  Chromium: () => launchChromium(),
  ChromiumWithoutPostQuantum: () => launchChromium('--disable-features=WebRtcPqcForDtls'),
  ChromiumToKill: () => launchToKill(),
  ChromiumWithMicrophone: (wav) =>
    launchChromium(...microphone, `--use-file-for-fake-audio-capture=${wav}`),
  // A page's own sound wants no gesture, and no permission: its addresses hide behind `.local` names.
  ChromiumWithoutMicrophone: () => launchChromium('--autoplay-policy=no-user-gesture-required'),
  ChromiumWithFakeMicrophone: () => launchChromium(...microphone),
  ChromiumThatRefusesMicrophones: () => launchChromium('--use-fake-device-for-media-stream',
    '--deny-permission-prompts'),
  ChromiumWithMicrophoneToKill: () => launchToKill(...microphone),
  Firefox: () => launchFirefox(),
  FirefoxWithFakeMicrophone: () => launchFirefox({
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
  }),
  FirefoxWithoutWebRtc: () => launchFirefox({ 'media.peerconnection.enabled': false }),
  FirefoxWithDtls12: () => launchFirefox({ 'media.peerconnection.dtls.version.max': 0x0303 }),
};

export async function closeBrowsers() {
  for (const browser of open) {
    open.delete(browser);
    await browser.close().catch(() => {});
  }
}
