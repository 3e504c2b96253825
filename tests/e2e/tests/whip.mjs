// WHIP: each status without a browser; then Chromium's microphone on the air, and all of it recorded.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { longestRun, nameOf } from '../lib/melody.mjs';
import { OFFER, instead, text } from '../lib/offer.mjs';
import { hear, listen } from '../lib/page.mjs';
import { notesIn } from '../lib/pitch.mjs';
import { Process, Radio } from '../lib/radio.mjs';
import { writeNotes } from '../lib/wav.mjs';
import { checkPatch, checkRestart, make } from './whep-patch.mjs';

const SENDING = instead('a=recvonly', 'a=sendonly');

function post(radio, lines, headers = {}) {
  return fetch(new URL('whip', radio.url), {
    method: 'POST', headers: { 'Content-Type': 'application/sdp', ...headers }, body: text(lines),
  });
}

async function status(wanted, response) {
  const sentence = await response.text();
  assert.equal(response.status, wanted, sentence);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  assert.equal(response.headers.get('access-control-expose-headers'), 'Location, ETag, Link');
  return sentence;
}

// --- Without a browser -----------------------------------------------------------------------

async function statuses() {
  const radio = await Radio.start('--ingest');
  assert.match(await status(422, await post(radio, OFFER)), /^line 14: a=recvonly: .*sendonly/);
  assert.match(await status(422, await post(radio, SENDING.filter((line) => !line.includes(':111')))),
    /^line 6: .*opus/);
  assert.match(await status(400, await post(radio, ['hello'])), /^line 1: /);
  assert.match(await status(400, await post(radio, SENDING.filter((line) => !/fingerprint/.test(line)))),
    /^line 6: .*fingerprint/);
  await status(415, await post(radio, SENDING, { 'Content-Type': 'text/plain' }));
  await status(406, await post(radio, SENDING, { Accept: 'text/html' }));
  const get = await fetch(new URL('whip', radio.url));
  await status(405, get);
  assert.equal(get.headers.get('allow'), 'POST, OPTIONS');
  const options = await fetch(new URL('whip', radio.url), { method: 'OPTIONS' });
  await status(204, options);
  assert.equal(options.headers.get('accept-post'), 'application/sdp');
  await status(404, await fetch(new URL('whip/1-00', radio.url), { method: 'DELETE' }));

  const resource = await make(radio, 'whip', SENDING);
  await status(409, await post(radio, SENDING));
  await checkPatch(resource);
  const again = await checkRestart(resource);
  await status(200, await fetch(again.url, { method: 'DELETE' }));
  await status(404, await fetch(again.url, { method: 'DELETE' }));
  await radio.line(/^publisher 1 left: it said goodbye$/);
  await make(radio, 'whip', SENDING);
  assert.equal(await radio.stop(), 0);
  assert.deepEqual(radio.errors, []);
}

async function answer() {
  const radio = await Radio.start('--ingest');
  const sdp = await (await post(radio, SENDING)).text();
  for (const line of ['a=ice-lite', 'a=recvonly', 'a=rtcp-mux', 'a=setup:passive', 'a=mid:0',
    'a=end-of-candidates', 'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 minptime=10;useinbandfec=1;stereo=1']) {
    assert.ok(sdp.includes(`\r\n${line}\r\n`), `${line} in ${sdp}`);
  }
  assert.ok(!/a=(ssrc|msid)/.test(sdp), 'nothing is sent to a publisher');
  assert.equal(await radio.stop(), 0);
}

async function token() {
  const open = await Radio.start();
  assert.match(await status(404, await post(open, SENDING)), /--ingest/);
  assert.equal(await open.stop(), 0);

  const radio = await Radio.start('--ingest-token', 'sesame');
  const refused = await post(radio, SENDING);
  await status(401, refused);
  assert.equal(refused.headers.get('www-authenticate'), 'Bearer realm="radio"');
  for (const wrong of ['Bearer sesam', 'Bearer sesame2', 'Bearer ', 'Basic sesame', 'sesame']) {
    await status(401, await post(radio, SENDING, { Authorization: wrong }));
  }
  const right = { Authorization: 'Bearer sesame' };
  const resource = await make(radio, 'whip', SENDING, right);
  await status(401, await fetch(resource.url, { method: 'DELETE' }));
  await status(401, await fetch(resource.url, { method: 'PATCH', body: 'x' }));
  await status(200, await fetch(resource.url, { method: 'DELETE', headers: right }));
  // A preflight bears no token.
  await status(204, await fetch(new URL('whip', radio.url), { method: 'OPTIONS' }));
  assert.equal(await radio.stop(), 0);

  const process = new Process(['--ingest-token', 'two words']);
  assert.equal(await process.ended, 2);
  assert.match(process.errors[0], /--ingest-token must be one word/);
}

// --- A microphone ----------------------------------------------------------------------------

// No three neighbours of these are neighbours in the melody.
export const KEYS = [62, 71, 66, 75, 69, 78, 64, 73];
export const SECONDS = 0.3;

/** How many notes in a row are those of the microphone. */
export const longestOwn = (notes) => longestRun(notes, KEYS);

/** Runs in the page: a WHIP client as short as it can be. */
async function publishHere() {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const pc = new RTCPeerConnection();
  pc.addTransceiver(stream.getTracks()[0], { direction: 'sendonly' });
  await pc.setLocalDescription();
  const response = await fetch('/whip', {
    method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp,
  });
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  window.publisher = { pc, resource: response.headers.get('Location') };
}

async function publish(radio, page) {
  await page.goto(radio.url);
  await page.evaluate(publishHere);
  await radio.line(/^publisher \d+ is on the air$/);
}

/** The publisher's browser hears of its own loss from the radio's reports. */
async function checkReports(page) {
  const report = await until('a receiver report came', () => page.evaluate(async () => {
    const rows = [...(await window.publisher.pc.getStats()).values()];
    return rows.find(({ type, roundTripTimeMeasurements }) =>
      type === 'remote-inbound-rtp' && roundTripTimeMeasurements > 0);
  }));
  note(`remote-inbound-rtp: ${report.packetsLost} lost, round trip ${report.roundTripTime} s, ` +
    `jitter ${report.jitter} s`);
  assert.equal(report.packetsLost, 0);
  assert.ok(report.roundTripTime < 1);
}

/** What the radio says of its publisher; by how much it got, it is not deaf. */
async function checkPublisher(radio) {
  const { station, publisher } = await radio.stats('station');
  note(`publisher: ${JSON.stringify(publisher.inboundRtp)}`);
  assert.equal(station.ingest, true);
  assert.equal(station.playing.kind, 'ingest');
  assert.equal(station.playing.name, 'publisher 1');
  assert.ok(station.playing.position > 5);
  assert.equal(publisher.number, 1);
  assert.equal(publisher.state, 'on air');
  assert.ok(publisher.forMs > 5000);
  assert.equal(publisher.transport.dtlsState, 'connected');
  assert.equal(publisher.candidatePair.writable, true);
  const { packetsReceived, bytesReceived, packetsLost, packetsDiscarded, jitter } = publisher.inboundRtp;
  assert.ok(packetsReceived > 250 && bytesReceived > 3 * packetsReceived);
  assert.equal(packetsLost, 0);
  assert.ok(packetsDiscarded < 25, `${packetsDiscarded} discarded`);
  assert.ok(jitter >= 0 && jitter < 0.1, `jitter ${jitter} s`);
}

/** Decoded by a browser, which knows nothing of us. */
async function decode(page, file) {
  const base64 = (await readFile(file)).toString('base64');
  const { rate, samples } = await page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    const sound = await new OfflineAudioContext(2, 1, 48000).decodeAudioData(bytes.buffer);
    const left = sound.getChannelData(0);
    let binary = '';
    for (const byte of new Uint8Array(Int16Array.from(left, (x) => x * 32767).buffer)) {
      binary += String.fromCharCode(byte);
    }
    return { rate: sound.sampleRate, samples: btoa(binary) };
  }, base64);
  const bytes = Buffer.from(samples, 'base64');
  return { rate, samples: Float32Array.from({ length: bytes.length / 2 },
    (_, i) => bytes.readInt16LE(2 * i) / 32767) };
}

async function checkRecording(page, file) {
  const { rate, samples } = await decode(page, file);
  const notes = notesIn(samples, rate);
  note(`recorded ${samples.length / rate} s: ${notes.map(nameOf).join(' ')}`);
  assert.ok(longestOwn(notes) >= 12, `${longestOwn(notes)} notes in a row are the microphone's`);
  const first = notes.findIndex((_, i) => longestOwn(notes.slice(i, i + 3)) === 3);
  const last = notes.findLastIndex((_, i) => longestOwn(notes.slice(i, i + 3)) === 3);
  assert.ok(longestRun(notes.slice(0, first)) >= 3, 'the melody comes before');
  assert.ok(longestRun(notes.slice(last + 4)) >= 3, 'the melody comes after');
}

async function microphone() {
  const folder = await mkdtemp(`${tmpdir()}/radio-whip-`);
  const wav = `${folder}/notes.wav`;
  const file = `${folder}/heard.opus`;
  try {
    await writeNotes(wav, KEYS, SECONDS);
    const radio = await Radio.start('--ingest', '--record', file);
    const chromium = await launchers.ChromiumWithMicrophone(wav);
    const firefox = await launchers.Firefox();
    const listener = await listen(firefox, radio);
    const page = await chromium.newPage();
    await publish(radio, page);

    const { notes } = await hear(listener, 6);
    note(`heard ${notes.map(nameOf).join(' ')}`);
    assert.ok(longestOwn(notes) >= 12, `${longestOwn(notes)} notes in a row are the microphone's`);
    await checkReports(page);
    await checkPublisher(radio);

    await page.evaluate(() => fetch(window.publisher.resource, { method: 'DELETE' }));
    await radio.line(/^publisher 1 left: it said goodbye$/);
    await radio.line(/^back to /);
    assert.equal((await radio.stats('station')).publisher, undefined);
    const after = await hear(listener, 4);
    note(`and then ${after.notes.map(nameOf).join(' ')}`);
    assert.ok(longestRun(after.notes) >= 6, 'the melody goes on');
    assert.equal(await radio.stop(), 0);
    assert.deepEqual(radio.errors, []);
    await checkRecording(page, file);
    await chromium.close();
    await firefox.close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A page that vanishes gives its place back before the consent time is over. */
async function vanished() {
  const radio = await Radio.start('--ingest');
  const { page, kill } = await launchers.ChromiumWithMicrophoneToKill();
  await publish(radio, page);
  await status(409, await post(radio, SENDING));
  kill();
  await radio.line(/^back to /);
  assert.equal((await post(radio, SENDING)).status, 201);
  await radio.line(/^publisher 1 left: another one came while it was silent$/);
  assert.equal(await radio.stop(), 0);
}

export const tests = [
  ['WHIP: every status where it belongs', statuses],
  ['WHIP: the answer only receives', answer],
  ['WHIP: no --ingest is 404, no token 401', token],
  ["WHIP: Firefox hears Chromium's microphone, and the recording plays elsewhere", microphone],
  ['WHIP: a page that vanished gives its place back', vanished],
];
