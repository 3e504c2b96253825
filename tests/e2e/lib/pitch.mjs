// Which notes are in a piece of sound: the strongest frequency of short overlapping windows.

const WINDOW = 8192; // 0.17 s: parts neighbours down to the lowest note
const HOP = 512;
const SHORTEST = 7; // windows that agree make a note
const SILENCE = 1e-3;

/** In-place radix-2 FFT. */
function transform(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let len = 2; len <= n; len <<= 1) {
    const angle = (-2 * Math.PI) / len;
    for (let k = 0; k < len / 2; k++) {
      const c = Math.cos(angle * k);
      const s = Math.sin(angle * k);
      for (let i = k; i < n; i += len) {
        const j = i + len / 2;
        const x = re[j] * c - im[j] * s;
        const y = re[j] * s + im[j] * c;
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
}

/** Frequency of the spectrum's highest peak, between bins by a parabola through logarithms. */
function strongest(samples, at, rate) {
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  let energy = 0;
  for (let i = 0; i < WINDOW; i++) {
    re[i] = samples[at + i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
    energy += re[i] * re[i];
  }
  if (Math.sqrt(energy / WINDOW) < SILENCE) return 0;
  transform(re, im);
  const loud = (bin) => Math.log(re[bin] ** 2 + im[bin] ** 2 + 1e-20);
  let peak = 2;
  for (let bin = 3; bin < WINDOW / 8; bin++) if (loud(bin) > loud(peak)) peak = bin;
  const [a, b, c] = [loud(peak - 1), loud(peak), loud(peak + 1)];
  return ((peak + (a - c) / (2 * (a - 2 * b + c))) * rate) / WINDOW;
}

/** MIDI keys in the order in which they are heard; a note cut at either end is left out. */
export function notesIn(samples, rate) {
  const runs = [];
  for (let at = 0; at + WINDOW <= samples.length; at += HOP) {
    const frequency = strongest(samples, at, rate);
    const key = frequency > 0 ? Math.round(69 + 12 * Math.log2(frequency / 440)) : 0;
    if (runs.length > 0 && runs.at(-1).key === key) runs.at(-1).length++;
    else runs.push({ key, length: 1 });
  }
  const notes = [];
  for (const { key } of runs.filter((run) => run.length >= SHORTEST)) {
    // What parted two pieces of the same note was too short to count.
    if (key !== notes.at(-1)) notes.push(key);
  }
  return notes.slice(1, -1).filter((key) => key > 0);
}
