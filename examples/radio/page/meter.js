// What is heard, drawn: levels of both channels, and the speaker's grille as a spectrum.

const FLOOR_DB = -60;
const RINGS = 8; // of the grille; the innermost one is the lowest band

const decibels = (value) => (value > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(value)) : FLOOR_DB);

/** Levels and spectrum of a stream; the stream must be played elsewhere. */
export class Meter {
  constructor(context, stream) {
    this.source = context.createMediaStreamSource(stream);
    const splitter = context.createChannelSplitter(2);
    this.source.connect(splitter);
    this.channels = [0, 1].map((channel) => {
      const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
      splitter.connect(analyser, channel);
      return analyser;
    });
    this.spectrum = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0.75 });
    this.source.connect(this.spectrum);
    this.samples = new Float32Array(2048);
    this.bins = new Float32Array(this.spectrum.frequencyBinCount);
    this.rate = context.sampleRate;
  }

  /** Decibels below full scale of left and right. A mono stream has its one channel on both sides. */
  levels() {
    const levels = this.channels.map((analyser) => {
      analyser.getFloatTimeDomainData(this.samples);
      let peak = 0;
      for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
      return decibels(peak);
    });
    return levels[1] === FLOOR_DB ? [levels[0], levels[0]] : levels;
  }

  /** Loudness 0..1 of RINGS bands from 80 Hz to 2.6 kHz, each 5/8 of an octave. */
  bands() {
    this.spectrum.getFloatFrequencyData(this.bins);
    const width = this.rate / 2 / this.bins.length;
    return Array.from({ length: RINGS }, (_, ring) => {
      const from = Math.floor((80 * 2 ** (ring * 0.625)) / width);
      const to = Math.ceil((80 * 2 ** ((ring + 1) * 0.625)) / width);
      let loudest = -Infinity;
      for (let bin = from; bin <= to; bin++) loudest = Math.max(loudest, this.bins[bin]);
      return Math.min(1, Math.max(0, (loudest + 75) / 50));
    });
  }

  close() {
    this.source.disconnect();
  }
}

/** Dots in a circle that light up ring by ring. */
export class Grille {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.bands = new Array(RINGS).fill(0);
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#resize());
    this.#resize();
  }

  #resize() {
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    const style = getComputedStyle(document.documentElement);
    this.size = this.canvas.clientWidth;
    this.canvas.width = this.canvas.height = Math.round(this.size * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.dot = style.getPropertyValue('--dot').trim();
    this.lit = style.getPropertyValue('--accent').trim();
    this.#draw();
  }

  /** Takes new bands; falling ones fall gently. */
  show(bands) {
    this.bands = bands.map((band, ring) => Math.max(band, this.bands[ring] * 0.92 - 0.004));
    this.#draw();
  }

  #draw() {
    const { context, size } = this;
    const rim = size / 2;
    const inner = rim * 0.38;
    context.clearRect(0, 0, size, size);
    for (let ring = 0; ring < RINGS; ring++) {
      const radius = inner + ((rim * 0.95 - inner) * ring) / (RINGS - 1);
      const dots = Math.round((2 * Math.PI * radius) / (rim * 0.088));
      const loud = this.bands[ring];
      for (let dot = 0; dot < dots; dot++) {
        const angle = ((dot + (ring % 2) / 2) / dots) * 2 * Math.PI;
        const x = rim + radius * Math.cos(angle);
        const y = rim + radius * Math.sin(angle);
        this.#spot(x, y, rim * 0.021, this.dot, 1);
        if (loud > 0.02) this.#spot(x, y, rim * (0.016 + 0.018 * loud), this.lit, loud);
      }
    }
  }

  #spot(x, y, radius, colour, alpha) {
    this.context.globalAlpha = alpha;
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.fill();
  }
}

export { FLOOR_DB, RINGS };
