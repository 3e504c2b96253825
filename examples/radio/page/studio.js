// The studio: one button, and the microphone is on the air.

import { clock, count, dtlsVersion, kilobits, milliseconds, percent, srtpProfile } from './format.js';
import { listMicrophones, MicrophoneError, openMicrophone } from './microphone.js';
import { Meter } from './meter.js';
import { Scope } from './scope.js';
import { publishing as sentences } from './sentences.js';
import { ask, keepOpen, poll, showSilence, showStation } from './station.js';
import { Publisher } from './whip.js';
import { Refusal } from './wish.js';

const $ = (id) => document.getElementById(id);

const TICK_MS = 500;
const WAIT_MS = 2500; // without an answer of the radio: it may come back
const GONE_MS = 9000; // ... and then no more
const MISSED_POLLS = 3; // in which the radio knows of no such publisher
const TOKEN = 'radio.token';

const lamps = {
  idle: ['Off', 'Press record, and your microphone is on the air.'],
  asking: ['Waiting', 'Allow the microphone in the browser\'s question.'],
  connecting: ['Connecting', 'Connecting to the radio …'],
  playing: ['On air', 'Everybody hears you. Press stop to end it.'],
  held: ['Token wanted', sentences.token],
  failed: ['Off air', ''],
};

/** For tests and the curious: what this page is doing. */
const studio = { state: 'idle', error: '', publisher: null, stream: null, meter: null, record, stop };
window.studio = studio;

const scope = new Scope();

function setState(state, sentence = lamps[state][1]) {
  const on = ['asking', 'connecting', 'playing'].includes(state);
  studio.state = state;
  document.body.dataset.state = state;
  $('lamp-text').textContent = lamps[state][0];
  if ($('state').textContent !== sentence) $('state').textContent = sentence;
  $('record').setAttribute('aria-label', on ? 'Stop' : 'Record');
  $('token-form').hidden = state !== 'held';
  $('options').disabled = on;
  keepOpen(on);
}

/** Kept until the tab is closed. */
function token(...value) {
  try {
    if (value.length === 0) return sessionStorage.getItem(TOKEN) ?? '';
    sessionStorage.setItem(TOKEN, value[0]);
  } catch {
    // Then it is asked for each time.
  }
  if (value.length > 0) [studio.token] = value;
  return studio.token ?? '';
}

// --- Record and stop -------------------------------------------------------------------------

async function record() {
  stop();
  studio.error = '';
  const attempt = studio.attempt = {};
  if (typeof RTCPeerConnection === 'undefined') {
    fail(sentences.noWebRtc);
    return;
  }
  setState('asking');
  studio.context ??= new AudioContext();
  studio.context.resume();
  try {
    const stream = await openMicrophone($('device').value, $('as-it-is').checked);
    if (studio.attempt !== attempt) for (const track of stream.getTracks()) track.stop();
    else await publish(stream);
  } catch (error) {
    if (studio.attempt !== attempt) return;
    if (error instanceof MicrophoneError) fail(error.message);
    else fail(sentences.otherError(error));
  }
}

async function publish(stream) {
  const publisher = new Publisher('/whip', stream, token());
  studio.answerAt = performance.now();
  studio.stream = stream;
  studio.publisher = publisher;
  stream.getTracks()[0].addEventListener('ended', () => failOf(publisher, sentences.ended));
  if (!studio.meter) {
    studio.meter = new Meter(studio.context, stream);
    scope.start(studio.meter);
  }
  showMicrophones();
  setState('connecting');
  publisher.addEventListener('fail', ({ detail }) => failOf(publisher, sentences[detail]));
  publisher.addEventListener('state', ({ detail }) => changed(publisher, detail));
  try {
    await publisher.start();
  } catch (error) {
    if (studio.publisher === publisher) refused(publisher, error);
  }
}

function refused(publisher, error) {
  if (error.status === 401) {
    publisher.stop();
    studio.publisher = null;
    setState('held', token() ? sentences.wrongToken : sentences.token);
    token('');
    $('token').value = '';
    $('token').focus();
  } else {
    fail(error instanceof Refusal ? sentences.refused(error)
      : `${sentences.noWebRtc} (${error.message})`);
  }
}

function changed(publisher, state) {
  if (studio.publisher !== publisher) return;
  if (state === 'connected') {
    setState('playing');
    refresh();
  }
  if (state === 'disconnected') setState('connecting', sentences.interrupted);
}

function stop() {
  end();
  setState('idle');
}

function failOf(publisher, sentence) {
  if (studio.publisher !== publisher) return;
  fail(typeof sentence === 'function' ? sentence(publisher.port) : sentence);
}

function fail(sentence) {
  end();
  studio.error = sentence;
  setState('failed', sentence);
}

function end() {
  studio.attempt = null;
  studio.publisher?.stop();
  studio.publisher = null;
  for (const track of studio.stream?.getTracks() ?? []) track.stop();
  studio.stream = null;
  studio.meter = null;
  studio.since = studio.last = null;
  studio.missed = 0;
  scope.stop();
}

async function showMicrophones() {
  $('device-choice').hidden = (await listMicrophones($('device'))) < 2;
}

// --- Figures ---------------------------------------------------------------------------------

function fact(name, text) {
  const element = $(`fact-${name}`);
  if (element.textContent !== text) element.textContent = text;
}

function bitrate(outbound) {
  const { last } = studio;
  studio.last = outbound;
  const ms = outbound && last ? outbound.timestamp - last.timestamp : 0;
  return ms > 0 ? (8000 * (outbound.bytesSent - last.bytesSent)) / ms : undefined;
}

function showFigures({ outbound, remoteInbound: report, transport }, theirs) {
  const version = dtlsVersion(transport?.tlsVersion || theirs?.transport.tlsVersion);
  const group = transport?.tlsGroup || theirs?.transport.tlsGroup;
  fact('rtt', milliseconds(report?.roundTripTime));
  fact('loss', percent(report?.fractionLost));
  fact('lost', count(report?.packetsLost));
  fact('jitter', milliseconds(report?.jitter));
  fact('bitrate', kilobits(bitrate(outbound)));
  fact('packets', count(outbound?.packetsSent));
  fact('keys', [version, group].filter(Boolean).join(' · ') || '–');
  fact('srtp', srtpProfile(transport?.srtpCipher || theirs?.transport.srtpCipher) ?? '–');
}

async function refresh() {
  const { publisher } = studio;
  const [answer, rows] = await Promise.allSettled([ask('/stats/station'), publisher?.stats()]);
  if (studio.publisher !== publisher) return;
  const { station, publisher: heard } = answer.value ?? {};
  if (station) showStation(station);
  else if (answer.status === 'rejected') showSilence();
  if (!publisher) return;
  const own = heard?.number === Number(publisher.number) ? heard : undefined;
  showFigures(rows.value ?? {}, own);
  if (own?.state === 'on air') studio.since ??= performance.now();
  const answers = answer.status === 'fulfilled';
  if (answers) studio.answerAt = performance.now();
  if (publisher.times.connected !== undefined) judge(publisher, answers, own);
}

/** A radio that is gone, or that took somebody else in, does not always say so. */
function judge(publisher, answers, own) {
  const silent = performance.now() - studio.answerAt;
  studio.missed = own ? 0 : studio.missed + Number(answers);
  if (silent > GONE_MS) failOf(publisher, sentences.unreachable);
  else if (studio.missed >= MISSED_POLLS) failOf(publisher, sentences.closed);
  else if (silent > WAIT_MS) setState('connecting', sentences.interrupted);
  else if (publisher.pc.connectionState === 'connected') setState('playing');
}

function showTime() {
  const { since } = studio;
  const text = clock(since ? (performance.now() - since) / 1000 : 0);
  if (since || studio.state !== 'failed') fact('time', text);
}

// --- Begin -----------------------------------------------------------------------------------

$('record').addEventListener('click', () => {
  if (['asking', 'connecting', 'playing'].includes(studio.state)) stop();
  else record();
});
$('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token($('token').value.trim());
  publish(studio.stream);
  $('record').focus();
});
addEventListener('pagehide', () => studio.publisher?.stop({ keepalive: true }));

setInterval(() => {
  if (!document.hidden) showTime();
}, TICK_MS);
setState('idle');
poll(() => studio.publisher, refresh);
if (!navigator.mediaDevices?.getUserMedia) setState('failed', sentences.insecure);
