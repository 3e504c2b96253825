// The speaker's grille: dots in rings that show the spectrum, left and right, the lowest band below.

import { BANDS } from './meter.js';

const RINGS = 9;
const INNER = 0.38; // of the radius; the button is inside
const OUTER = 0.955;

export class Grille {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.silence();
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#resize());
    this.#resize();
  }

  #resize() {
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    const style = getComputedStyle(document.documentElement);
    const size = this.canvas.clientWidth;
    this.canvas.width = this.canvas.height = Math.round(size * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.colours = ['--dot', '--accent'].map((name) => style.getPropertyValue(name).trim());
    this.size = size;
    this.dots = Array.from({ length: RINGS }, (_, ring) => this.#ring(ring, size / 2)).flat();
    this.#draw();
  }

  /** Where the dots of a ring are, and which part of the spectrum each shows. */
  #ring(ring, rim) {
    const out = ring / (RINGS - 1);
    const radius = rim * (INNER + (OUTER - INNER) * out);
    const dots = 2 * Math.round((Math.PI * radius) / (rim * 0.085));
    return Array.from({ length: dots }, (_, dot) => {
      // From below: half a dot aside, so that none is on both sides.
      const angle = ((dot + (ring % 2 ? 0.5 : 1)) / dots) * 2 * Math.PI;
      const up = (1 - Math.cos(angle)) / 2;
      return {
        x: rim - radius * Math.sin(angle),
        y: rim + radius * Math.cos(angle),
        side: angle % (2 * Math.PI) < Math.PI ? 0 : 1,
        band: (Math.acos(1 - 2 * up) / Math.PI) * (BANDS - 1),
        out,
      };
    });
  }

  silence() {
    this.sides = [0, 1].map(() => new Array(BANDS).fill(0));
  }

  /** Takes the bands of both sides; what falls falls gently. True while there is light. */
  show(sides) {
    this.sides = sides.map((bands, side) =>
      bands.map((band, i) => Math.max(band, this.sides[side][i] * 0.9 - 0.006, 0)));
    this.#draw();
    return this.sides.flat().some((band) => band > 0);
  }

  #loudness({ side, band }) {
    const bands = this.sides[side];
    const low = Math.floor(band);
    const next = bands[Math.min(low + 1, BANDS - 1)];
    return bands[low] + (next - bands[low]) * (band - low);
  }

  #draw() {
    const { context, size } = this;
    const radius = size / 2;
    context.clearRect(0, 0, size, size);
    for (const dot of this.dots ?? []) {
      // The louder the band, the further out it lights up.
      const light = Math.min(1, Math.max(0, (1.25 * this.#loudness(dot) - dot.out) * 3.2));
      this.#spot(dot, radius * 0.0205, this.colours[0], 1 - light);
      if (light > 0.02) this.#spot(dot, radius * (0.017 + 0.013 * light), this.colours[1], light);
    }
  }

  #spot({ x, y }, radius, colour, alpha) {
    this.context.globalAlpha = alpha;
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.fill();
  }
}
