// The page: one button, what is heard, and how it got here.

import { Listener, ListenError } from './whep.js';
import { FLOOR_DB, Grille, Meter, RINGS } from './meter.js';

const $ = (id) => document.getElementById(id);
const grille = new Grille($('grille'));

const versions = { FEFC: 'DTLS 1.3', FEFD: 'DTLS 1.2', FEFF: 'DTLS 1.0' };

const words = {
  idle: ['Off', 'Press play to listen.'],
  connecting: ['Connecting', 'Connecting to the radio …'],
  playing: ['On air', 'You are listening live.'],
  failed: ['No sound', ''],
};

/** For tests and the curious: what this page is doing. */
const radio = { state: 'idle', error: '', listener: null, context: null, meter: null, play, stop };
window.radio = radio;

function setState(state, sentence) {
  radio.state = state;
  document.body.dataset.state = state;
  $('lamp-text').textContent = words[state][0];
  $('state').textContent = sentence ?? words[state][1];
  const on = state === 'connecting' || state === 'playing';
  $('play').setAttribute('aria-pressed', String(on));
  $('play').setAttribute('aria-label', on ? 'Stop' : 'Play');
}

function fact(name, text) {
  $(`fact-${name}`).textContent = text || '–';
}

// --- Play and stop ---------------------------------------------------------------------------

async function play() {
  stop();
  const listener = new Listener('/whep');
  radio.listener = listener;
  radio.error = '';
  for (const name of ['connection', 'dtls', 'cipher', 'srtp', 'packets', 'first']) fact(name, '');
  setState('connecting');
  // Within the click: browsers want a gesture before they make a sound.
  radio.context ??= new AudioContext();
  radio.context.resume();
  listener.addEventListener('fail', ({ detail }) => fail(listener, detail));
  listener.addEventListener('state', ({ detail }) => {
    if (detail === 'connected') hear(listener);
    if (detail === 'disconnected' && radio.listener === listener) {
      setState('connecting', 'The connection is interrupted. Waiting for it to come back …');
    }
  });
  try {
    await listener.start();
  } catch (error) {
    fail(listener, error instanceof ListenError ? error.message
      : `This browser cannot listen: ${error.message}`);
  }
}

function hear(listener) {
  if (radio.listener !== listener) return;
  setState('playing');
  if (radio.meter) return;
  $('audio').srcObject = listener.stream;
  $('audio').play().catch(() => {
    // Stopping ends it in the same way.
    if (radio.listener !== listener) return;
    setState('playing', 'The browser keeps the sound back. Press stop and play once more.');
  });
  radio.meter = new Meter(radio.context, listener.stream);
  requestAnimationFrame(draw);
}

function stop() {
  radio.listener?.stop();
  end();
  setState('idle');
}

function fail(listener, sentence) {
  if (radio.listener !== listener) return;
  listener.stop();
  end();
  radio.error = sentence;
  setState('failed', sentence);
}

function end() {
  radio.listener = null;
  radio.meter?.close();
  radio.meter = null;
  $('audio').srcObject = null;
  showLevels([FLOOR_DB, FLOOR_DB]);
  if ($('fact-connection').textContent !== '–') fact('connection', 'ended');
}

// --- Pictures and figures --------------------------------------------------------------------

let drawnLevel = 0; // when the screen reader's value was last set

function showLevels(levels) {
  $('left').style.transform = `scaleX(${1 - levels[0] / FLOOR_DB})`;
  $('right').style.transform = `scaleX(${1 - levels[1] / FLOOR_DB})`;
  const now = performance.now();
  const loudest = Math.round(Math.max(...levels));
  if (now - drawnLevel > 1000 || loudest === FLOOR_DB) {
    drawnLevel = now;
    $('level').setAttribute('aria-valuenow', String(loudest));
    $('level').setAttribute('aria-valuetext', loudest === FLOOR_DB ? 'silent' : `${loudest} dB`);
  }
}

function draw() {
  if (!radio.meter) {
    fade();
    return;
  }
  const levels = radio.meter.levels();
  const { times } = radio.listener;
  if (times.sound === undefined && Math.max(...levels) > FLOOR_DB + 10) {
    times.sound = performance.now();
    fact('first', `${Math.round(times.sound - times.begin)} ms after pressing play`);
  }
  showLevels(levels);
  grille.show(radio.meter.bands());
  requestAnimationFrame(draw);
}

function fade() {
  grille.show(new Array(RINGS).fill(0));
  if (!radio.meter && grille.bands.some((band) => band > 0.01)) requestAnimationFrame(fade);
}

async function refresh() {
  const { listener } = radio;
  if (!listener) return;
  const { transport, inbound } = await listener.stats();
  if (radio.listener !== listener) return;
  fact('connection', listener.pc.connectionState);
  if (transport) {
    fact('dtls', versions[transport.tlsVersion] ?? transport.tlsVersion ?? transport.dtlsState);
    fact('cipher', transport.dtlsCipher);
    fact('srtp', transport.srtpCipher?.replace(/^SRTP_/, ''));
  }
  if (inbound) {
    fact('packets', `${inbound.packetsReceived} received, ${inbound.packetsLost} lost`);
  }
}

async function refreshStation() {
  try {
    const { station } = await (await fetch('/stats')).json();
    document.title = `${station.title} – Radio`;
    $('title').textContent = station.title;
    $('version').textContent = station.version;
    $('listeners').textContent =
      station.listenersNow === 1 ? '1 listener' : `${station.listenersNow} listeners`;
  } catch {
    $('listeners').textContent = 'the radio does not answer';
  }
}

// --- Begin -----------------------------------------------------------------------------------

$('play').addEventListener('click', () => {
  if (radio.state === 'connecting' || radio.state === 'playing') stop();
  else play();
});
addEventListener('pagehide', () => radio.listener?.stop({ keepalive: true }));
setInterval(() => refresh().catch(() => {}), 500);
setInterval(refreshStation, 3000);
refreshStation();
setState('idle');
