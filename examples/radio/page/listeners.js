// Who listens, once a second: a table that moves, who publishes above it, who has left below.

import { Board, move, setText } from './board.js';
import {
  clock, count, dtlsVersion, kilobits, milliseconds, percent, plural, srtpProfile,
} from './format.js';
import { ask, showStation, whatPlays } from './station.js';

const POLL_MS = 1000;
const $ = (id) => document.getElementById(id);

const seconds = (peer) => peer.forMs / 1000;
const joined = (values, between) => values.filter(Boolean).join(between) || '–';

const dtls = ({ transport }) =>
  joined([dtlsVersion(transport.tlsVersion), transport.tlsGroup], ' · ');
const srtp = ({ transport }) => srtpProfile(transport.srtpCipher);

const columns = [
  { name: 'number', label: 'No.', text: ({ number }) => String(number), value: ({ number }) => number },
  { name: 'state', label: 'State', text: ({ state }) => state, value: ({ state }) => state, marks: true },
  { name: 'time', label: 'For', text: (row) => clock(seconds(row)), value: ({ forMs }) => forMs },
  { name: 'dtls', label: 'DTLS', text: dtls, value: dtls },
  { name: 'srtp', label: 'SRTP', text: (row) => srtp(row) ?? '–', value: srtp },
  { name: 'rtt', label: 'Round trip', text: (row) => milliseconds(rtt(row)), value: rtt },
  { name: 'loss', label: 'Loss', text: (row) => percent(loss(row)), value: loss, marks: true },
  { name: 'jitter', label: 'Jitter', text: (row) => milliseconds(jitter(row)), value: jitter },
  { name: 'bitrate', label: 'Bitrate', text: (row) => kilobits(row.bitrate), value: (row) => row.bitrate },
  { name: 'packets', label: 'Packets', text: (row) => count(sent(row)), value: sent },
];

function rtt({ remoteInboundRtp }) { return remoteInboundRtp?.roundTripTime; }
function loss({ remoteInboundRtp }) { return remoteInboundRtp?.fractionLost; }
function jitter({ remoteInboundRtp }) { return remoteInboundRtp?.jitter; }
function sent({ outboundRtp }) { return outboundRtp.packetsSent; }

/** Adds the bitrate since the poll before to each row that was there. */
class Bitrates {
  #before = new Map();

  add(key, row, bytes) {
    const before = this.#before.get(key);
    const ms = row.forMs - before?.forMs;
    if (ms > 0) row.bitrate = (8000 * (bytes - before.bytes)) / ms;
    this.#before.set(key, { forMs: row.forMs, bytes });
  }

  keep(keys) {
    for (const key of this.#before.keys()) if (!keys.has(key)) this.#before.delete(key);
  }
}

const board = new Board($('table'), columns);
const bitrates = new Bitrates();
let held = false;

// --- The publisher ---------------------------------------------------------------------------

const publisherFacts = {
  State: ({ number, state }) => `No. ${number}, ${state}`,
  For: (row) => clock(seconds(row)),
  DTLS: dtls,
  SRTP: (row) => srtp(row) ?? '–',
  Loss: ({ inboundRtp: rtp }) =>
    (rtp ? percent(rtp.packetsLost / Math.max(1, rtp.packetsReceived + rtp.packetsLost)) : '–'),
  Jitter: ({ inboundRtp }) => milliseconds(inboundRtp?.jitter),
  Bitrate: ({ bitrate }) => kilobits(bitrate),
  Packets: ({ inboundRtp }) => count(inboundRtp?.packetsReceived),
};

const publisherValues = Object.keys(publisherFacts).map((label) => {
  const [pair, name, value] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  name.textContent = label;
  pair.append(name, value);
  $('publisher-facts').append(pair);
  return [value, publisherFacts[label]];
});

function showPublisher(publisher) {
  if (publisher && $('publisher').hidden) move($('publisher'), { opacity: [0, 1] });
  $('publisher').hidden = !publisher;
  if (!publisher) return;
  bitrates.add(`publisher ${publisher.number}`, publisher, publisher.inboundRtp?.bytesReceived ?? 0);
  for (const [value, text] of publisherValues) setText(value, text(publisher));
}

// --- Who has left ----------------------------------------------------------------------------

const gone = new Map(); // number → <li>

function farewell(row) {
  const item = document.createElement('li');
  const [who, why, what] = ['b', 'span', 'small'].map((tag) => document.createElement(tag));
  item.value = row.number;
  item.classList.toggle('failed', row.error !== undefined);
  who.textContent = `No. ${row.number}`;
  why.textContent = row.reason;
  what.textContent = `after ${clock(seconds(row))}, ${plural(row.outboundRtp.packetsSent, 'packet')}` +
    (row.error ? `, ${row.error}` : '');
  item.append(who, ' ', why, ' ', what);
  return item;
}

function showEnded(ended) {
  const numbers = new Set(ended.map(({ number }) => number));
  for (const [number, item] of gone) {
    if (numbers.has(number)) continue;
    item.remove();
    gone.delete(number);
  }
  const isFirst = gone.size === 0;
  // Newest first.
  for (const row of [...ended].reverse()) {
    if (gone.has(row.number)) continue;
    const item = farewell(row);
    gone.set(row.number, item);
    $('ended').prepend(item);
    if (!isFirst) move(item, { opacity: [0, 1], transform: ['translateY(-8px)', 'none'] });
  }
  $('gone').hidden = ended.length === 0;
}

// --- All of it -------------------------------------------------------------------------------

function showSummary({ onAirMs, listenersNow, listenersEver, playing }) {
  setText($('now-count'), plural(listenersNow, 'listener'));
  setText($('spoken'), plural(listenersNow, 'listener'));
  setText($('summary'), joined([`${count(listenersEver)} so far`,
    `on the air for ${clock(onAirMs / 1000)}`, playing && whatPlays(playing)], '\u00a0· '));
}

function show({ station, publisher, listeners, ended }) {
  const keys = new Set(listeners.map(({ number }) => number));
  if (publisher) keys.add(`publisher ${publisher.number}`);
  bitrates.keep(keys);
  for (const row of listeners) bitrates.add(row.number, row, row.outboundRtp.bytesSent);
  document.body.dataset.state = 'playing';
  showStation(station);
  showSummary(station);
  showPublisher(publisher);
  board.show(listeners);
  showEnded(ended);
  $('nobody').hidden = listeners.length > 0;
  $('table').hidden = listeners.length === 0;
}

async function refresh() {
  if (held || document.hidden) return;
  try {
    const stats = await ask('/stats');
    if (!held) show(stats);
  } catch {
    document.body.dataset.state = 'failed';
    setText($('summary'), 'The radio does not answer. These are its last figures; see that it is running.');
  }
}

$('hold').addEventListener('click', () => {
  held = !held;
  $('hold').setAttribute('aria-pressed', String(held));
  refresh();
});
document.addEventListener('visibilitychange', refresh);
setInterval(refresh, POLL_MS);
refresh();
