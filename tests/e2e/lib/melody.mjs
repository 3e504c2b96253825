// The radio's melody as MIDI keys, written down here once more: the first 19 bars of Bach's Prelude in C.
// Each bar breaks a chord of five notes, 1 2 3 4 5 3 4 5, and does so twice.

const chords = `
  C4 E4 G4 C5 E5 | C4 D4 A4 D5 F5 | B3 D4 G4 D5 F5 | C4 E4 G4 C5 E5 | C4 E4 A4 E5 A5
  C4 D4 F#4 A4 D5 | B3 D4 G4 D5 G5 | B3 C4 E4 G4 C5 | A3 C4 E4 G4 C5 | D3 A3 D4 F#4 C5
  G3 B3 D4 G4 B4 | G3 A#3 E4 G4 C#5 | F3 A3 D4 A4 D5 | F3 G#3 D4 F4 B4 | E3 G3 C4 G4 C5
  E3 F3 A3 C4 F4 | D3 F3 A3 C4 F4 | G2 D3 G3 B3 F4 | C3 E3 G3 C4 E4`;

const tones = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];

function keyOf(name) {
  const [, tone, octave] = name.match(/^([A-G]#?)(\d)$/);
  return 12 * (Number(octave) + 1) + tones.indexOf(tone);
}

export const nameOf = (key) => tones[key % 12] + (Math.floor(key / 12) - 1);

function bar(chord) {
  const [a, b, c, d, e] = chord.trim().split(/\s+/).map(keyOf);
  const figure = [a, b, c, d, e, c, d, e];
  return [...figure, ...figure];
}

export const melody = chords.trim().split(/[|\n]/).flatMap(bar);

/** The longest run of notes that the melody, or another one, has, from any place, round the end as well. */
export function longestRun(notes, tune = melody) {
  let longest = 0;
  for (let from = 0; from < notes.length; from++) {
    for (let start = 0; start < tune.length; start++) {
      let run = 0;
      while (from + run < notes.length && notes[from + run] === tune[(start + run) % tune.length]) {
        run++;
      }
      longest = Math.max(longest, run);
    }
  }
  return longest;
}
