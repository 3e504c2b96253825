// WHEP and the rest of HTTP, without a browser: each status where it belongs, each refusal a sentence.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { assert, note, until } from '../lib/tap.mjs';
import { FINGERPRINT, OFFER, instead, text, without } from '../lib/offer.mjs';
import { Process, Radio } from '../lib/radio.mjs';
import { writeNotes } from '../lib/wav.mjs';

function post(radio, body, type = 'application/sdp') {
  return fetch(new URL('whep', radio.url), {
    method: 'POST',
    headers: type ? { 'Content-Type': type } : {},
    body,
  });
}

async function withRadio(args, work) {
  const radio = await Radio.start(...args);
  await work(radio);
  assert.equal(await radio.stop(), 0);
  assert.deepEqual(radio.errors, []);
}

// --- Joining and leaving ---------------------------------------------------------------------

function checkAnswer(answer, radio) {
  assert.match(answer, /^v=0\r\n/);
  assert.ok(!/[^\r]\n/.test(answer), 'every line ends in CRLF');
  const session = answer.slice(0, answer.indexOf('m=')).split('\r\n');
  const media = answer.slice(answer.indexOf('m=')).split('\r\n');
  for (const line of ['a=ice-lite', 'a=group:BUNDLE 0']) assert.ok(session.includes(line), line);
  for (const line of ['a=mid:0', 'a=sendonly', 'a=rtcp-mux', 'a=setup:passive', 'a=end-of-candidates',
    'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1;sprop-stereo=1']) {
    assert.ok(media.includes(line), `${line} in ${answer}`);
  }
  assert.match(answer, /a=fingerprint:sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\r\n/);
  assert.match(answer, /a=msid:\S+ \S+\r\n/);
  assert.match(answer, /a=ssrc:\d+ cname:\S+\r\n/);
  const candidates = media.filter((line) => line.startsWith('a=candidate:'));
  assert.ok(candidates.length > 0);
  for (const line of candidates) {
    assert.match(line, /^a=candidate:\S+ 1 udp \d+ \S+ \d+ typ host$/i);
    assert.equal(line.split(' ')[5], radio.udpPort);
  }
  assert.ok(candidates.some((line) => line.includes(' 127.0.0.1 ')));
  assert.match(media[0], new RegExp(`^m=audio ${radio.udpPort} UDP/TLS/RTP/SAVPF 111$`));
}

const joinAndLeave = () => withRadio([], async (radio) => {
  const joined = await post(radio, text(OFFER));
  assert.equal(joined.status, 201);
  assert.equal(joined.headers.get('content-type'), 'application/sdp');
  assert.match(joined.headers.get('etag'), /^"[A-Za-z0-9+/]+"$/);
  assert.equal(joined.headers.get('access-control-allow-origin'), '*');
  assert.match(joined.headers.get('access-control-expose-headers'), /Location/);
  const location = joined.headers.get('location');
  assert.match(location, /^\/whep\/1-[0-9a-f]{32}$/);
  checkAnswer(await joined.text(), radio);
  assert.equal((await radio.stats()).listeners[0].state, 'joining');
  assert.equal((await radio.stats(1)).listener.state, 'joining');

  const resource = new URL(location, radio.url);
  assert.equal((await fetch(resource, { method: 'DELETE' })).status, 200);
  await radio.line(/^listener 1 left: it said goodbye, 0 now$/);
  assert.equal((await fetch(resource, { method: 'DELETE' })).status, 404);
  const { ended } = await radio.stats();
  assert.equal(ended[0].number, 1);
  assert.equal(ended[0].error, undefined);
  assert.equal(ended[0].outboundRtp.packetsSent, 0);
  const one = await radio.stats(1);
  assert.deepEqual(Object.keys(one), ['station', 'listener']);
  assert.equal(one.listener.reason, 'it said goodbye');
});

const statistics = () => withRadio([], async (radio) => {
  const { station, ...rest } = await radio.stats();
  assert.deepEqual(rest, { endpoint: rest.endpoint, listeners: [], ended: [] });
  assert.equal(station.ingest, false);
  assert.equal(station.playing.kind, 'melody');
  assert.equal(station.playing.name, station.title);
  assert.equal(station.playing.duration, undefined);
  const later = await until('two frames more are played', async () => {
    const answer = await radio.stats('station');
    return answer.station.playing.position >= station.playing.position + 0.04 && answer;
  });
  assert.deepEqual(Object.keys(later), ['station']);

  const at = (path, options) => fetch(new URL(path, radio.url), options);
  for (const path of ['stats/1', 'stats/', 'stats/01', 'stats/station/', 'stats/-1', 'stats/x']) {
    const response = await at(path);
    assert.equal(response.status, 404, path);
    assert.equal(await response.text(), 'There is no such listener, or it left long ago.\n');
  }
  const head = await at('stats/station', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('cache-control'), 'no-store');
  const posted = await at('stats/station', { method: 'POST', body: 'x' });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get('allow'), 'GET, HEAD');
});

const otherSections = () => withRadio(['--advertise', '192.0.2.7'], async (radio) => {
  const video = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:v', 'a=recvonly',
    'a=rtcp-mux', 'a=rtpmap:96 VP8/90000', ...OFFER.slice(7, 12)];
  const lines = instead('a=group', 'a=group:BUNDLE v 0');
  lines.splice(5, 0, ...video);
  const joined = await post(radio, text(lines), 'Application/SDP; charset=utf-8');
  const answer = await joined.text();
  assert.equal(joined.status, 201, answer);
  assert.match(answer, /a=group:BUNDLE 0\r\n/);
  const [, first, second] = answer.split(/^m=/m);
  assert.match(first, /^video 0 UDP\/TLS\/RTP\/SAVPF 96\r\n[^]*a=mid:v\r\n/);
  assert.match(second, new RegExp(`^audio ${radio.udpPort} `));
  assert.match(second, /^c=IN IP4 192\.0\.2\.7\r$/m);
  assert.match(second.match(/a=candidate:.*/)[0], new RegExp(` 192\\.0\\.2\\.7 ${radio.udpPort} `));
});

// --- Refusals --------------------------------------------------------------------------------

// An offer that is wrong, and what the sentence must name. 422: well-formed, but not what the radio does.
const malformed = [
  ['no SDP at all', ['hello'], /^line 1: /],
  ['an empty body', [], /^line 1: /],
  ['a short fingerprint', instead('a=fingerprint', 'a=fingerprint:sha-256 AA:BB'),
    /^line 11: .*fingerprint/],
  ['no fingerprint', without('a=fingerprint'), /^line 6: .*fingerprint/],
  ['sha-1 only', instead('a=fingerprint', `a=fingerprint:sha-1 ${FINGERPRINT.slice(0, 59)}`),
    /^line 11: .*fingerprint/],
  ['no ufrag', without('a=ice-ufrag'), /^line \d+: .*ufrag/],
  ['a short password', instead('a=ice-pwd', 'a=ice-pwd:short'), /^line 9: .*pwd/],
  ['no setup', without('a=setup'), /^line 6: .*setup/],
  ['an unknown setup', instead('a=setup', 'a=setup:whatever'), /^line 12: .*setup/],
  ['a broken candidate', [...OFFER, 'a=candidate:1 1 udp x 10.0.0.1 9 typ host'], /^line 20: .*candidate/],
];

const unfit = [
  ['no audio', OFFER.slice(0, 5), /^line 5: .*audio/],
  ['only video', [...OFFER.slice(0, 5), 'm=video 9 UDP/TLS/RTP/SAVPF 96', ...OFFER.slice(6)],
    /^line 6: .*audio/],
  ['no opus', without('a=rtpmap:111'), /^line 6: .*opus/],
  ['no rtcp-mux', without('a=rtcp-mux'), /^line 6: .*rtcp-mux/],
  ['an offer that only sends', instead('a=recvonly', 'a=sendonly'), /^line 14: .*sendonly/],
  ['plain RTP', instead('m=audio', 'm=audio 9 RTP/AVP 111'), /^line 6: .*RTP\/AVP/],
  ['an ICE-lite listener', [...OFFER.slice(0, 4), 'a=ice-lite', ...OFFER.slice(4)], /^line 5: .*ice-lite/],
  ['a payload type that is RTCP\'s', [...instead('m=audio', 'm=audio 9 UDP/TLS/RTP/SAVPF 72'),
    'a=rtpmap:72 opus/48000/2'], /^line 20: .*72/],
];

const badOffers = () => withRadio([], async (radio) => {
  const bad = [...malformed.map((row) => [400, ...row]), ...unfit.map((row) => [422, ...row])];
  for (const [status, what, lines, reason] of bad) {
    const response = await post(radio, text(lines));
    const sentence = await response.text();
    note(`${what}: ${response.status} ${sentence.trim()}`);
    assert.equal(response.status, status, what);
    assert.match(response.headers.get('content-type'), /^text\/plain/);
    assert.match(sentence, reason, what);
    assert.equal(sentence.trim().split('\n').length, 1, what);
  }
  assert.equal((await radio.stats()).station.listenersEver, 0);
});

/** Any damage to a good offer gets an answer or a sentence, and the radio goes on. */
const damaged = () => withRadio([], async (radio) => {
  const good = text(OFFER);
  const seen = { 201: 0, 400: 0, 422: 0, 503: 0 };
  for (let cut = 0; cut < good.length; cut += 7) {
    const response = await post(radio, good.slice(0, cut));
    assert.ok(response.status in seen, `${response.status} for ${cut} bytes`);
    seen[response.status]++;
    await response.text();
  }
  for (let at = 0; at < good.length; at += 5) {
    const response = await post(radio, `${good.slice(0, at)}\u0001${good.slice(at + 1)}`);
    assert.ok(response.status in seen, `${response.status} for damage at ${at}`);
    seen[response.status]++;
    await response.text();
  }
  note(`answers: ${JSON.stringify(seen)}`);
  assert.ok(seen[400] > 50);
  assert.equal((await post(radio, good)).status, 201);
});

const statuses = () => withRadio(['--max-listeners', '1'], async (radio) => {
  const at = (path, options) => fetch(new URL(path, radio.url), options);
  assert.equal((await post(radio, text(OFFER), 'text/plain')).status, 415);
  assert.equal((await post(radio, Buffer.from(text(OFFER)), null)).status, 415);
  assert.equal((await post(radio, 'a'.repeat(70000))).status, 413);
  assert.equal((await at('nowhere')).status, 404);
  assert.equal((await at('page/nothing.js')).status, 404);
  assert.equal((await at('whep/1-00', { method: 'DELETE' })).status, 404);

  const get = await at('whep');
  assert.equal(get.status, 405);
  assert.match(get.headers.get('allow'), /POST/);
  assert.equal((await at('stats', { method: 'POST', body: 'x' })).status, 405);
  const put = await at('whep/1-00', { method: 'PUT', body: 'x' });
  assert.equal(put.status, 405);
  assert.equal(put.headers.get('allow'), 'PATCH, DELETE, OPTIONS');
  assert.equal((await at('whep/1-00', { method: 'PATCH', body: 'x' })).status, 404);

  const options = await at('whep', { method: 'OPTIONS' });
  assert.equal(options.status, 204);
  assert.equal(options.headers.get('access-control-allow-origin'), '*');
  assert.match(options.headers.get('access-control-allow-methods'), /POST/);
  assert.match(options.headers.get('access-control-allow-methods'), /PATCH/);
  assert.match(options.headers.get('access-control-allow-headers'), /Content-Type.*If-Match/i);
  assert.equal(options.headers.get('access-control-expose-headers'), 'Location, ETag, Link');
  assert.equal(options.headers.get('accept-post'), 'application/sdp');
  assert.equal(options.headers.get('accept-patch'), 'application/trickle-ice-sdpfrag');
  assert.equal(options.headers.get('allow'), 'POST, OPTIONS');
  assert.equal((await at('whep/1-00', { method: 'OPTIONS' })).headers.get('allow'),
    'PATCH, DELETE, OPTIONS');

  const accepting = (accept) => at('whep', {
    method: 'POST', headers: { 'Content-Type': 'application/sdp', Accept: accept }, body: text(OFFER),
  });
  for (const accept of ['text/html', 'application/json, text/*;q=0.5', 'application/sdp;q=0.0']) {
    assert.equal((await accepting(accept)).status, 406, accept);
  }
  const joined = await accepting('text/html, application/*;q=0.1');
  assert.equal(joined.status, 201);
  const full = await post(radio, text(OFFER));
  assert.equal(full.status, 503);
  assert.match(full.headers.get('retry-after'), /^\d+$/);
  assert.match(await full.text(), /limit is 1/);
});

const pages = () => withRadio([], async (radio) => {
  for (const [path, type] of [['', 'text/html'], ['page/app.js', 'text/javascript'],
    ['page/whep.js', 'text/javascript'], ['page/meter.js', 'text/javascript'],
    ['page/style.css', 'text/css'], ['page/icon.svg', 'image/svg+xml']]) {
    const url = new URL(path, radio.url);
    const response = await fetch(url);
    assert.equal(response.status, 200, path);
    assert.ok(response.headers.get('content-type').startsWith(type), path);
    assert.ok(response.headers.get('content-security-policy').includes("default-src 'none'"));
    const body = await response.text();
    // Nothing comes from outside.
    assert.ok(!/(src|href)="(https?:)?\/\//.test(body), path);
    const etag = response.headers.get('etag');
    const again = await conditionalGet(url, etag);
    assert.equal(again, 304, path);
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  }
});

/** The status of a GET with If-None-Match; fetch has a cache policy of its own. */
function conditionalGet(url, etag) {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'If-None-Match': etag } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject).end();
  });
}

// --- The program -----------------------------------------------------------------------------

async function refuses(args, status, sentence) {
  const process = new Process(args);
  assert.equal(await process.ended, status, args.join(' '));
  assert.equal(process.errors.length, 1, process.errors.join('\n'));
  assert.match(process.errors[0], sentence);
  note(process.errors[0]);
}

const portsInUse = () => withRadio([], async (radio) => {
  await refuses(['--http-port', radio.httpPort, '--udp-port', '0'], 1,
    new RegExp(`TCP port ${radio.httpPort} is in use.*--http-port`));
  await refuses(['--http-port', '0', '--udp-port', radio.udpPort], 1,
    new RegExp(`UDP port ${radio.udpPort} is in use.*--udp-port`));
});

async function options() {
  await refuses(['--udp-port', '70000'], 2, /--udp-port.*70000/);
  await refuses(['--advertise', 'example'], 2, /--advertise.*'example'/);
  await refuses(['--dtls-role', 'both'], 2, /--dtls-role.*'both'/);
  await refuses(['--expect-fingerprint', 'md5 AA'], 2, /--expect-fingerprint/);
  await refuses(['--nonsense'], 2, /--nonsense/);
  await refuses(['--record', '/nowhere/at/all', '--http-port', '0', '--udp-port', '0'], 1, /\/nowhere/);
  await refuses(['--http-port', '0', '--udp-port', '0', '--capture', '/nowhere/at/all'], 1, /\/nowhere/);
  for (const [option, pattern] of [['--help', /--udp-port/], ['--version', /^radio \d+\.\d+\.\d+$/]]) {
    const process = new Process([option]);
    assert.equal(await process.ended, 0);
    assert.ok(process.lines.some((line) => pattern.test(line)), option);
  }
}

async function whatIsPlayedIsKept() {
  const folder = await mkdtemp(`${tmpdir()}/radio-kept-`);
  const song = `${folder}/song.wav`;
  try {
    await writeNotes(song, [60], 0.5);
    const before = await readFile(song);
    for (const option of ['--record', '--capture']) {
      await refuses([option, song, '--http-port', '0', '--udp-port', '0', song], 1,
        new RegExp(`song.wav is among what is played: ${option}`));
    }
    await refuses(['--record', song, '--capture', song], 2, /--record and --capture/);
    assert.deepEqual(await readFile(song), before);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function seconds() {
  const radio = await Radio.start('--seconds', '1');
  assert.equal(await radio.ended, 0);
  assert.equal(radio.lines.at(-1), 'Off the air');
}

export const tests = [
  ['WHEP: an offer is answered, DELETE ends it', joinAndLeave],
  ['a file that is played is neither recorded over nor captured over', whatIsPlayedIsKept],
  ['statistics: all, the station\'s and one listener\'s; 404 and 405 have their sentence', statistics],
  ['WHEP: sections that are no audio are rejected, an advertised address comes first', otherSections],
  ['WHEP: a bad offer gets 400 or 422 with line and reason', badOffers],
  ['WHEP: a damaged offer never stops the radio', damaged],
  ['WHEP: every other status where it belongs', statuses],
  ['the page and its parts are served, with nothing from outside', pages],
  ['a port in use ends in one sentence', portsInUse],
  ['options that make no sense end in one sentence', options],
  ['--seconds ends the radio by itself', seconds],
];
