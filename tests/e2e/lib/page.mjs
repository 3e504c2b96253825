// What a person does on the radio's page, and what can be read from it.

import { assert, until } from './tap.mjs';
import { notesIn } from './pitch.mjs';

const isStereo = (samples) => samples.left.some((value, i) => Math.abs(value - samples.right[i]) > 0.01);

/** Opens the page, presses play and waits for the sound. */
export async function listen(browser, radio, options) {
  const page = await browser.newPage(options);
  await page.goto(radio.url);
  await page.click('#play');
  await until(`${browser.name} plays`, async () => {
    const { state, error } = await page.evaluate(() => ({
      state: window.radio.state,
      error: window.radio.error,
    }));
    assert.notEqual(state, 'failed', error);
    return state === 'playing';
  });
  return page;
}

/** The number that the radio gave to this page's listener. */
export async function numberOf(page) {
  const resource = await page.evaluate(() => window.radio.listener.resource);
  return Number(resource.match(/\/whep\/(\d+)-[0-9a-f]{32}$/)[1]);
}

// Both run in the page and return {rate, samples}: left and right by turns as 16-bit numbers in base64.

/** What the page's audio graph gets from the stream. */
async function fromGraph(seconds) {
  const { context, listener } = window.radio;
  const source = context.createMediaStreamSource(listener.stream);
  const processor = context.createScriptProcessor(4096, 2, 2);
  const taken = new Int16Array(2 * Math.ceil(context.sampleRate * seconds));
  let at = 0;
  await new Promise((resolve) => {
    processor.onaudioprocess = ({ inputBuffer }) => {
      const left = inputBuffer.getChannelData(0);
      const right = inputBuffer.getChannelData(1);
      for (let i = 0; i < left.length && at < taken.length; i++) {
        taken[at++] = left[i] * 32767;
        taken[at++] = right[i] * 32767;
      }
      if (at === taken.length) resolve();
    };
    source.connect(processor);
    processor.connect(context.destination);
  });
  source.disconnect();
  processor.disconnect();
  let binary = '';
  for (const byte of new Uint8Array(taken.buffer)) binary += String.fromCharCode(byte);
  return JSON.stringify({ rate: context.sampleRate, samples: btoa(binary) });
}

/** The stream as the browser's recorder gets it: what is decoded goes through Opus once more. */
async function fromRecorder(seconds) {
  const recorder = new MediaRecorder(window.radio.listener.stream, { audioBitsPerSecond: 192000 });
  const pieces = [];
  recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  recorder.start();
  setTimeout(() => recorder.stop(), 1000 * seconds);
  await stopped;
  const file = await new Blob(pieces).arrayBuffer();
  const sound = await new OfflineAudioContext(2, 1, 48000).decodeAudioData(file);
  const left = sound.getChannelData(0);
  const right = sound.getChannelData(sound.numberOfChannels - 1);
  const taken = new Int16Array(2 * sound.length);
  for (let i = 0; i < sound.length; i++) {
    taken[2 * i] = left[i] * 32767;
    taken[2 * i + 1] = right[i] * 32767;
  }
  let binary = '';
  for (const byte of new Uint8Array(taken.buffer)) binary += String.fromCharCode(byte);
  return JSON.stringify({ rate: sound.sampleRate, samples: btoa(binary) });
}

/** Packets that came in. */
export const received = (page) => page.evaluate(async () =>
  (await window.radio.listener?.stats())?.inbound?.packetsReceived ?? 0);

/** Decoded samples of the next seconds. */
async function record(page, seconds) {
  // A recorder takes the form of its stream, channels too, from what is there when it starts.
  await until('half a second was received', async () => (await received(page)) > 25);
  // Where there is no sound device Firefox plays, but its audio graphs stand still.
  const running = await page.evaluate(() => window.radio.context.state === 'running');
  const text = await page.evaluate(running ? fromGraph : fromRecorder, seconds);
  const { rate, samples } = JSON.parse(text);
  const bytes = Buffer.from(samples, 'base64');
  const frames = bytes.length / 4;
  const left = Float32Array.from({ length: frames }, (_, i) => bytes.readInt16LE(4 * i) / 32767);
  const right = Float32Array.from({ length: frames }, (_, i) => bytes.readInt16LE(4 * i + 2) / 32767);
  return { rate, left, right };
}

/** The notes of the next seconds and whether left and right differ. */
export async function hear(page, seconds) {
  const samples = await record(page, seconds);
  const mono = samples.left.map((value, i) => (value + samples.right[i]) / 2);
  return { notes: notesIn(mono, samples.rate), stereo: isStereo(samples) };
}

/** The page's own getStats, once it has all that is asked for. */
export async function statsWith(page, names) {
  let rows;
  await until(`getStats has ${names}`, async () => {
    rows = JSON.parse(await page.evaluate(async () => JSON.stringify(await window.radio.listener.stats())));
    return names.every((name) => rows.transport?.[name] !== undefined);
  });
  return rows;
}

/** The texts of elements by the ends of their ids: texts(page, 'fact-', ['dtls', 'srtp']). */
export async function texts(page, prefix, names) {
  const found = await page.evaluate((ids) => ids.map((id) => document.getElementById(id).textContent),
    names.map((name) => prefix + name));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}

/** The state of the player or of the studio, and the sentence that goes with it. */
export const stateOf = (page) => page.evaluate(() => ({
  state: (window.radio ?? window.studio).state,
  sentence: document.getElementById('state').textContent,
}));

/** Waits until the page is in that state, and returns its sentence. */
export async function sentenceIn(page, wanted) {
  let last;
  await until(`the page is ${wanted}`, async () => {
    last = await stateOf(page);
    return last.state === wanted;
  }).catch((error) => {
    throw new Error(`${error.message}; it is ${last?.state}: ${last?.sentence}`);
  });
  return last.sentence;
}

/** Tells of the page's own errors, each of which is a failure. */
export function errorsOf(page) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // A refused request is logged by the browser, whatever the page does about it.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
      errors.push(message.text());
    }
  });
  return errors;
}
