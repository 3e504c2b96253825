// The last minute of a figure, drawn as a line.

const SECONDS = 60;

/** A round value not below `value`. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

/**
 * A <figure> with a canvas, a `.value` and a `.range`. `format` makes text of a value; the scale ends
 * at `least` or above.
 */
export class Plot {
  constructor(figure, { format, least }) {
    Object.assign(this, { figure, format, least });
    this.canvas = figure.querySelector('canvas');
    this.context = this.canvas.getContext('2d');
    this.points = []; // [second, value]
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  clear() {
    this.points = [];
    this.draw();
  }

  /** A value that is not known leaves a gap. */
  push(value, second = performance.now() / 1000) {
    this.points.push([second, value]);
    this.points = this.points.filter(([when]) => when >= second - SECONDS);
    this.draw();
  }

  draw() {
    if (document.hidden) return;
    const values = this.points.map(([, value]) => value).filter((value) => value !== undefined);
    const highest = Math.max(...values);
    this.figure.classList.toggle('empty', values.length === 0);
    this.figure.querySelector('.value').textContent = this.format(this.points.at(-1)?.[1]);
    this.figure.querySelector('.range').textContent = values.length === 0 ? 'nothing yet'
      : `${this.format(Math.min(...values))} to ${this.format(highest)}`;
    this.#paint(ceiling(Math.max(highest, this.least)));
  }

  #paint(top) {
    const { canvas, context } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0) return; // the section is closed
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    const style = getComputedStyle(document.documentElement);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.strokeStyle = style.getPropertyValue('--line').trim();
    context.beginPath();
    for (const part of [0, 0.5, 1]) {
      const y = Math.round(1 + part * (height - 3)) + 0.5;
      context.moveTo(0, y);
      context.lineTo(width, y);
    }
    context.stroke();
    this.#line(top, width, height, style.getPropertyValue('--accent').trim());
  }

  #line(top, width, height, colour) {
    const { context } = this;
    const end = this.points.at(-1)?.[0] ?? 0;
    const place = ([second, value]) => [
      width - 2.5 - ((end - second) / SECONDS) * (width - 4),
      1.5 + (1 - Math.min(value, top) / top) * (height - 4),
    ];
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    for (const run of this.#runs()) {
      const corners = run.map(place);
      context.globalAlpha = 1;
      context.beginPath();
      for (const [x, y] of corners) context.lineTo(x, y);
      context.stroke();
      context.lineTo(corners.at(-1)[0], height);
      context.lineTo(corners[0][0], height);
      context.globalAlpha = 0.13;
      context.fill();
    }
    const last = this.points.at(-1);
    if (last?.[1] === undefined) return;
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(...place(last), 2.5, 0, 2 * Math.PI);
    context.fill();
  }

  /** Points without a gap between them. */
  #runs() {
    const runs = [[]];
    for (const point of this.points) {
      if (point[1] === undefined) runs.push([]);
      else runs.at(-1).push(point);
    }
    return runs.filter((run) => run.length > 0);
  }
}
