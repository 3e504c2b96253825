// What every page tells of the station: its title, what plays now, how many listen.

import { clock, plural, spoken } from './format.js';

const $ = (id) => document.getElementById(id);

const kinds = {
  melody: 'The radio\'s own melody',
  'ogg-opus': 'Ogg Opus',
  file: 'File',
  stdin: 'Live feed',
  microphone: 'Microphone',
  ingest: 'Live from the studio',
};

/** The JSON there, or undefined for a 404; throws where nobody answers. */
export async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(3000) });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** What is on in words; its name is left out where the title says it already. */
export function whatPlays({ kind, name }, title) {
  const word = kinds[kind] ?? kind;
  return !name || name === title || kind === 'ingest' ? word : `${word}: ${name}`;
}

const POLL_MS = 1000; // while something is on
const IDLE_POLLS = 5; // as many of these while nothing is

/** Calls `refresh` now and then, never twice at once; not for a hidden page on which nothing is on. */
export function poll(isOn, refresh) {
  let polls = 0;
  let asking = false;
  const once = async () => {
    if (asking || !(isOn() || (polls++ % IDLE_POLLS === 0 && !document.hidden))) return;
    asking = true;
    await refresh();
    asking = false;
  };
  setInterval(once, POLL_MS);
  once();
}

function setText(element, text) {
  // Untouched where nothing changed: a screen reader would begin again.
  if (element && element.textContent !== text) element.textContent = text;
}

/** What is on and how far it is; the clock goes on between two answers of the radio. */
class Playing {
  constructor() {
    this.now = null;
    if ($('now')) setInterval(() => this.#tick(), 500);
  }

  show(playing, title) {
    this.now = playing && { ...playing, asked: performance.now() };
    this.title = title;
    this.#tick();
  }

  #tick() {
    const { now } = this;
    if (document.hidden || !$('now')) return;
    $('now').hidden = !now;
    if (!now) return;
    setText($('now-what'), whatPlays(now, this.title));
    const since = (performance.now() - now.asked) / 1000;
    this.#position(Math.min(now.position + since, now.duration ?? Infinity), now.duration);
  }

  #position(position, duration) {
    const bar = $('now-bar');
    const known = duration > 0;
    setText($('now-position'), clock(position));
    setText($('now-duration'), known ? clock(duration) : 'live');
    bar.classList.toggle('endless', !known);
    $('now-needle').style.left = `${known ? (100 * position) / duration : 0}%`;
    if (known) {
      bar.setAttribute('aria-valuemax', String(Math.round(duration)));
      bar.setAttribute('aria-valuenow', String(Math.floor(position)));
      bar.setAttribute('aria-valuetext', `${spoken(position)} of ${spoken(duration)}`);
    } else {
      for (const name of ['max', 'now', 'text']) bar.removeAttribute(`aria-value${name}`);
    }
  }
}

const LONG_TITLE = 48; // letters: more are written smaller
const playing = new Playing();
const page = document.title;

/** `station` of the radio's statistics. */
export function showStation(station) {
  document.title = `${station.title} – ${page}`;
  setText($('title'), station.title);
  $('title').classList.toggle('long', station.title.length > LONG_TITLE);
  setText($('version'), station.version);
  setText($('listeners'), plural(station.listenersNow, 'listener'));
  $('nav-studio').hidden = !station.ingest;
  document.body.classList.remove('unanswered');
  playing.show(station.playing, station.title);
}

export function showSilence() {
  setText($('listeners'), 'the radio does not answer');
  document.body.classList.add('unanswered');
  playing.show(null);
}

/** While something is on, the other pages open beside this one: leaving it would end that. */
export function keepOpen(on) {
  for (const link of document.querySelectorAll('.keys a:not([aria-current])')) {
    if (on) link.target = '_blank';
    else link.removeAttribute('target');
  }
}
