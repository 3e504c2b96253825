// A WAV file of notes, for a microphone that is none.

import { writeFile } from 'node:fs/promises';

const RATE = 48000;

/** Each MIDI key sounds for `seconds`; between notes the level dips, so that nothing clicks. */
export async function writeNotes(file, keys, seconds) {
  const perNote = Math.round(RATE * seconds);
  const bytes = Buffer.alloc(44 + 2 * perNote * keys.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22); // mono
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(2 * RATE, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  for (const [note, key] of keys.entries()) {
    const frequency = 440 * 2 ** ((key - 69) / 12);
    for (let i = 0; i < perNote; i++) {
      const level = 0.5 * Math.min(1, i / 500, (perNote - i) / 500);
      const value = level * Math.sin((2 * Math.PI * frequency * i) / RATE);
      bytes.writeInt16LE(Math.round(32767 * value), 44 + 2 * (note * perNote + i));
    }
  }
  await writeFile(file, bytes);
}
