// What is heard, drawn: the grille and the level of both channels.

import { BANDS, FLOOR_DB } from './meter.js';
import { Grille } from './grille.js';

const still = matchMedia('(prefers-reduced-motion: reduce)');
const STILL_MS = 500; // between two values of the level where motion is not wanted
const SPOKEN_MS = 1000; // ... and of what a screen reader finds

const silence = [0, 1].map(() => new Array(BANDS).fill(0));
const $ = (id) => document.getElementById(id);

/** Draws while there is a meter and the page is seen. `onLevel` gets the loudest level of each frame. */
export class Scope {
  constructor(onLevel = () => {}) {
    this.grille = new Grille($('grille'));
    this.onLevel = onLevel;
    this.meter = null;
    this.frames = 0; // drawn so far
    this.spoken = 0;
    this.shown = 0;
    document.addEventListener('visibilitychange', () => this.#next());
    still.addEventListener('change', () => this.grille.show(silence));
  }

  start(meter) {
    this.meter = meter;
    this.#next();
  }

  stop() {
    this.meter?.close();
    this.meter = null;
    this.#level([FLOOR_DB, FLOOR_DB]);
    this.#next();
  }

  #next() {
    if (document.hidden || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (!document.hidden) this.#frame();
    });
  }

  #frame() {
    this.frames++;
    if (this.meter) {
      const levels = this.meter.levels();
      this.onLevel(Math.max(...levels));
      this.#level(levels);
    }
    const bands = this.meter && !still.matches ? this.meter.bands() : silence;
    if (this.grille.show(bands) || this.meter) this.#next();
  }

  #level(levels) {
    const now = performance.now();
    const loudest = Math.round(Math.max(...levels));
    const silent = loudest <= FLOOR_DB;
    if (still.matches && !silent && now - this.shown < STILL_MS) return;
    this.shown = now;
    for (const [i, id] of ['left', 'right'].entries()) {
      $(id).style.transform = `scaleX(${1 - levels[i] / FLOOR_DB})`;
    }
    if (now - this.spoken > SPOKEN_MS || silent) {
      this.spoken = now;
      $('level').setAttribute('aria-valuenow', String(loudest));
      $('level').setAttribute('aria-valuetext', silent ? 'silent' : `${loudest} dB`);
    }
  }
}
