// What is heard, as figures: the level of both channels and their spectrum.

export const FLOOR_DB = -60;
export const BANDS = 18; // of a channel's spectrum
const LOWEST_HZ = 70;
const HIGHEST_HZ = 5000;

const decibels = (value) => (value > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(value)) : FLOOR_DB);

/** Levels and spectrum of a stream; the stream must be played elsewhere. */
export class Meter {
  constructor(context, stream) {
    this.source = context.createMediaStreamSource(stream);
    this.gain = new GainNode(context);
    this.source.connect(this.gain);
    this.levelAnalysers = this.#analysers(this.gain, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.spectra = this.#analysers(this.source, { fftSize: 4096, smoothingTimeConstant: 0.7 });
    this.samples = new Float32Array(2048);
    this.bins = new Float32Array(this.spectra[0].frequencyBinCount);
    this.hzPerBin = context.sampleRate / 2 / this.bins.length;
  }

  /** One for each channel. */
  #analysers(node, options) {
    const splitter = node.context.createChannelSplitter(2);
    node.connect(splitter);
    return [0, 1].map((channel) => {
      const analyser = new AnalyserNode(node.context, options);
      splitter.connect(analyser, channel);
      return analyser;
    });
  }

  /** Of the levels, which are those that are heard; the spectrum is the one on the air. */
  setGain(value) {
    this.gain.gain.value = value;
  }

  /** Decibels below full scale of left and right. A mono stream has its one channel on both sides. */
  levels() {
    const levels = this.levelAnalysers.map((analyser) => {
      analyser.getFloatTimeDomainData(this.samples);
      let peak = 0;
      for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
      return decibels(peak);
    });
    return levels[1] === FLOOR_DB ? [levels[0], levels[0]] : levels;
  }

  /** Loudness 0..1 of BANDS bands of left and right, each the same part of an octave. */
  bands() {
    const sides = this.spectra.map((analyser) => {
      analyser.getFloatFrequencyData(this.bins);
      return Array.from({ length: BANDS }, (_, band) => this.#loudness(band));
    });
    return sides[1].some((loud) => loud > 0) ? sides : [sides[0], sides[0]];
  }

  #loudness(band) {
    const ratio = HIGHEST_HZ / LOWEST_HZ;
    const from = Math.floor((LOWEST_HZ * ratio ** (band / BANDS)) / this.hzPerBin);
    const to = Math.ceil((LOWEST_HZ * ratio ** ((band + 1) / BANDS)) / this.hzPerBin);
    let loudest = -Infinity;
    for (let bin = from; bin <= to; bin++) loudest = Math.max(loudest, this.bins[bin]);
    // Music falls by some 3 dB an octave: high bands would never show.
    const tilt = 20 * (band / BANDS);
    return Math.min(1, Math.max(0, (loudest + tilt + 76) / 56));
  }

  close() {
    this.source.disconnect();
    this.gain.disconnect();
  }
}
