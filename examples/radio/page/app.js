// The player: one button, what is heard, and how it got here.

import { Connection } from './connection.js';
import { FLOOR_DB, Meter } from './meter.js';
import { Scope } from './scope.js';
import { listening as sentences } from './sentences.js';
import { ask, keepOpen, poll, showSilence, showStation } from './station.js';
import { Volume } from './volume.js';
import { Listener } from './whep.js';
import { Refusal } from './wish.js';

const $ = (id) => document.getElementById(id);

const SLOW_MS = 6000; // then a hint is due
const QUIET_MS = 2500; // without a packet: the radio sends nothing, or is not there
const GONE_MS = 9000; // without any word from it: it will not come back by itself
const HEARD_DB = FLOOR_DB + 10;

const lamps = {
  idle: ['Off', 'Press play to listen.'],
  connecting: ['Connecting', 'Connecting to the radio …'],
  playing: ['On air', 'You are listening live.'],
  held: ['Held back', sentences.held],
  failed: ['No sound', ''],
};

/** For tests and the curious: what this page is doing. */
const radio = { state: 'idle', error: '', listener: null, context: null, meter: null, play, stop };
window.radio = radio;

const connection = new Connection();
const volume = new Volume();
const scope = new Scope(heard);
radio.scope = scope;

function setState(state, sentence = lamps[state][1]) {
  const on = state === 'connecting' || state === 'playing';
  radio.state = state;
  document.body.dataset.state = state;
  $('lamp-text').textContent = lamps[state][0];
  if ($('state').textContent !== sentence) $('state').textContent = sentence;
  $('play').setAttribute('aria-label', on ? 'Stop' : 'Play');
  keepOpen(on);
  if (navigator.mediaSession) navigator.mediaSession.playbackState = on ? 'playing' : 'paused';
}

// --- Play and stop ---------------------------------------------------------------------------

async function play() {
  stop();
  radio.error = '';
  connection.clear();
  if (typeof RTCPeerConnection === 'undefined') {
    fail(null, sentences.noWebRtc);
    return;
  }
  const listener = new Listener('/whep');
  radio.listener = listener;
  radio.own = null;
  radio.held = false;
  radio.packets = 0;
  radio.packetAt = radio.answerAt = performance.now();
  setState('connecting');
  // Within the click: browsers want a gesture before they make a sound.
  radio.context ??= new AudioContext();
  radio.context.resume();
  listener.addEventListener('fail', ({ detail }) => {
    if (detail === 'closed') closed(listener);
    else fail(listener, sentences[detail], listener.port);
  });
  listener.addEventListener('step', ({ detail }) => {
    connection.showCourse(listener.course());
    if (detail === 'answer') radio.slow = setTimeout(() => hint(listener), SLOW_MS);
  });
  listener.addEventListener('state', ({ detail }) => changed(listener, detail));
  try {
    await listener.start();
  } catch (error) {
    fail(listener, error instanceof Refusal ? sentences.refused(error)
      : `${sentences.noWebRtc} (${error.message})`);
  }
}

function hint(listener) {
  if (radio.listener === listener && listener.times.ice === undefined) {
    setState('connecting', sentences.slow(listener.port));
  }
}

function changed(listener, state) {
  if (radio.listener !== listener) return;
  if (state === 'connected') hear(listener);
  if (state === 'disconnected') setState('connecting', sentences.interrupted);
}

function hear(listener) {
  setState(radio.held ? 'held' : 'playing');
  if (radio.meter) return;
  $('audio').srcObject = listener.stream;
  radio.meter = new Meter(radio.context, listener.stream);
  setVolume();
  scope.start(radio.meter);
  letSound(listener);
  refresh();
}

/** Stopping ends this as well, but not in this way. */
function letSound(listener) {
  radio.context.resume();
  $('audio').play().then(() => {
    if (radio.listener !== listener || !radio.held) return;
    radio.held = false;
    setState('playing');
  }, (error) => {
    if (radio.listener !== listener || error.name !== 'NotAllowedError') return;
    radio.held = true;
    setState('held');
  });
}

function stop() {
  radio.listener?.stop();
  end();
  setState('idle');
}

function fail(listener, sentence, detail) {
  if (radio.listener !== listener) return;
  listener?.stop();
  end();
  radio.error = typeof sentence === 'function' ? sentence(detail) : sentence;
  setState('failed', radio.error);
  refresh();
}

/** The radio ended it: because it ends itself, or only this connection? */
async function closed(listener) {
  const answer = await askRadio(listener).catch(() => undefined);
  if (answer) fail(listener, sentences.gone, answer.listener?.reason);
  else fail(listener, sentences.closed);
}

function end() {
  clearTimeout(radio.slow);
  radio.listener = null;
  radio.meter = null;
  scope.stop();
  $('audio').srcObject = null;
  connection.ended();
}

function heard(level) {
  if (level > HEARD_DB && volume.gain > 0) radio.listener?.mark('sound');
}

function setVolume() {
  $('audio').volume = volume.gain;
  $('audio').muted = volume.gain === 0;
  radio.meter?.setGain(volume.gain);
}

// --- Figures ---------------------------------------------------------------------------------

function show(station) {
  showStation(station);
  if (!navigator.mediaSession || radio.title === station.title) return;
  radio.title = station.title;
  navigator.mediaSession.metadata = new MediaMetadata({ title: station.title });
}

/** The radio's word on this listener and on itself; undefined where it gives none. */
async function askRadio(listener) {
  const own = listener?.number && await ask(`/stats/${listener.number}`);
  return own || ask('/stats/station');
}

async function refresh() {
  const { listener } = radio;
  const [answer, rows] = await Promise.allSettled([askRadio(listener), listener?.stats()]);
  if (radio.listener !== listener) return;
  const { station, listener: own } = answer.value ?? {};
  if (station) show(station);
  else if (answer.status === 'rejected') showSilence();
  if (!listener) return;
  if (answer.status === 'fulfilled') radio.answerAt = performance.now();
  if (rows.value?.inbound) received(listener, rows.value.inbound);
  connection.show(listener.pc.connectionState, rows.value ?? {}, own ?? radio.own);
  if (own?.state === 'ended') fail(listener, sentences.gone, own.reason);
  else if (answer.status === 'fulfilled' && !own && radio.own) fail(listener, sentences.gone);
  else judge(listener);
  radio.own = own ?? radio.own;
}

/** Where audio graphs stand still, the browser's own figures tell of the first sound. */
function received(listener, inbound) {
  if (inbound.totalAudioEnergy > 1e-6) listener.mark('sound');
  if (inbound.packetsReceived > radio.packets) radio.packetAt = performance.now();
  radio.packets = inbound.packetsReceived;
}

/** A radio that is gone says nothing, and browsers take half a minute to believe it. */
function judge(listener) {
  if (listener.times.connected === undefined) return;
  const now = performance.now();
  const quiet = now - radio.packetAt;
  const silent = Math.min(quiet, now - radio.answerAt);
  if (silent > GONE_MS) fail(listener, sentences.unreachable);
  else if (silent > QUIET_MS) setState('connecting', sentences.interrupted);
  else if (radio.held) setState('held');
  else if (quiet <= QUIET_MS) setState('playing');
  else if (listener.pc.connectionState === 'connected') setState('playing', sentences.quiet);
}

// --- Begin -----------------------------------------------------------------------------------

$('play').addEventListener('click', () => {
  if (radio.state === 'held') letSound(radio.listener);
  else if (radio.state === 'connecting' || radio.state === 'playing') stop();
  else play();
});
volume.addEventListener('change', setVolume);
addEventListener('pagehide', () => radio.listener?.stop({ keepalive: true }));
if (navigator.mediaSession) {
  navigator.mediaSession.setActionHandler('play', play);
  for (const action of ['pause', 'stop']) navigator.mediaSession.setActionHandler(action, stop);
}

setState('idle');
poll(() => radio.listener, refresh);
