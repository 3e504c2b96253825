// The section about the connection: its course, what was agreed on, and its last minute.

import { Course } from './course.js';
import { count, dtlsVersion, kilobits, milliseconds, percent, srtpProfile } from './format.js';
import { Plot } from './history.js';

const KEY = 'radio.connection';
const $ = (id) => document.getElementById(id);

const plots = {
  rtt: { format: milliseconds, least: 0.005 },
  loss: { format: percent, least: 0.05 },
  jitter: { format: milliseconds, least: 0.005 },
  bitrate: { format: kilobits, least: 50_000 },
};

/** "host 192.0.2.7:50000"; browsers hide addresses of their own from pages. */
function end(candidate) {
  if (!candidate) return undefined;
  const { candidateType, address, port } = candidate;
  const host = address?.includes(':') ? `[${address}]` : address;
  return `${candidateType} ${host ? `${host}:${port}` : `port ${port}, address hidden`}`;
}

function fact(name, text) {
  const element = $(`fact-${name}`);
  const wanted = text || '–';
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** What a browser leaves out of its transport's row, the radio's own row may have. */
function agreed(ours, theirs, name) {
  return ours?.[name] || theirs?.[name] || undefined;
}

/** What came between two rows of the browser's statistics. */
function between(before, after) {
  if (!before || !after) return {};
  const seconds = (after.timestamp - before.timestamp) / 1000;
  const received = after.packetsReceived - before.packetsReceived;
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  if (seconds <= 0) return {};
  return {
    bitrate: (8 * (after.bytesReceived - before.bytesReceived)) / seconds,
    loss: received + lost > 0 ? lost / (received + lost) : undefined,
  };
}

export class Connection {
  constructor() {
    this.course = new Course($('course'));
    this.plots = Object.fromEntries(Object.entries(plots)
      .map(([name, options]) => [name, new Plot($(`plot-${name}`), options)]));
    const section = $('connection');
    try {
      section.open = localStorage.getItem(KEY) === 'open';
    } catch {
      // Without a memory it is closed.
    }
    section.addEventListener('toggle', () => {
      try {
        localStorage.setItem(KEY, section.open ? 'open' : 'closed');
      } catch {
        // As above.
      }
    });
    this.clear();
  }

  clear() {
    this.last = null;
    this.summary = '';
    this.showCourse([]);
    for (const plot of Object.values(this.plots)) plot.clear();
    for (const name of ['state', 'dtls', 'group', 'cipher', 'srtp', 'local', 'remote', 'packets']) {
      fact(name, '');
    }
    fact('brief', 'not connected');
  }

  showCourse(course) {
    this.course.show(course);
    const sound = course.find(([step]) => step === 'sound');
    this.first = sound && `first sound after ${Math.round(sound[1])} ms`;
    this.#brief();
  }

  #brief() {
    const parts = [this.summary, this.first].filter(Boolean);
    if (parts.length > 0) fact('brief', parts.join(' · '));
  }

  /** `rows` of Session.stats(); `listener` as the radio sees it, where it has told. */
  show(state, rows, listener) {
    const { transport: ours, inbound, pair, local, remote } = rows;
    const theirs = listener?.transport;
    const version = dtlsVersion(agreed(ours, theirs, 'tlsVersion'));
    const group = agreed(ours, theirs, 'tlsGroup');
    fact('state', state);
    fact('dtls', version);
    fact('group', group);
    fact('cipher', agreed(ours, theirs, 'dtlsCipher'));
    fact('srtp', srtpProfile(agreed(ours, theirs, 'srtpCipher')));
    fact('local', end(local));
    fact('remote', end(remote));
    fact('packets', inbound && `${count(inbound.packetsReceived)} received, ` +
      `${count(inbound.packetsLost)} lost`);
    this.summary = [version, group].filter(Boolean).join(', ');
    this.#brief();
    this.#push(inbound, pair, listener);
  }

  #push(inbound, pair, listener) {
    const { bitrate, loss } = between(this.last, inbound);
    this.last = inbound ?? this.last;
    const rtt = pair?.currentRoundTripTime ?? listener?.remoteInboundRtp?.roundTripTime;
    const values = { rtt, loss, jitter: inbound?.jitter, bitrate };
    for (const [name, plot] of Object.entries(this.plots)) plot.push(values[name]);
  }

  ended() {
    if ($('fact-state').textContent !== '–') fact('state', 'ended');
  }
}
