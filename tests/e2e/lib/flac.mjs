// Writes sound as FLAC (RFC 9639): one channel of 16 bits whose samples stand there as they are.

const BLOCK = 4096;

function crc(bytes, bits, polynomial) {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << (bits - 8);
    for (let i = 0; i < 8; i++) {
      sum = sum & (1 << (bits - 1)) ? ((sum << 1) ^ polynomial) & ((1 << bits) - 1) : sum << 1;
    }
  }
  return sum;
}

function streamInfo(rate, total) {
  const info = Buffer.alloc(4 + 34);
  info.writeUInt32BE(0x80000022, 0); // the last block of metadata, and its length
  info.writeUInt16BE(BLOCK, 4);
  info.writeUInt16BE(BLOCK, 6);
  const bits = (BigInt(rate) << 44n) | (15n << 36n) | BigInt(total);
  info.writeBigUInt64BE(bits, 14);
  return info;
}

/** Numbers of frames are written as UTF-8 writes characters. */
const coded = (number) => [...Buffer.from(String.fromCodePoint(number))];

function frame(number, samples) {
  const head = [0xff, 0xf8, 0x70, 0x08, ...coded(number), (samples.length - 1) >> 8, (samples.length - 1) & 255];
  const body = Buffer.alloc(1 + 2 * samples.length);
  body[0] = 0x02; // verbatim
  samples.forEach((value, i) => body.writeInt16BE(value, 1 + 2 * i));
  const all = Buffer.concat([Buffer.from([...head, crc(head, 8, 0x07)]), body]);
  const end = Buffer.alloc(2);
  end.writeUInt16BE(crc(all, 16, 0x8005));
  return Buffer.concat([all, end]);
}

/** samples: numbers from -32768 to 32767. */
export function flac(samples, rate) {
  const parts = [Buffer.from('fLaC'), streamInfo(rate, samples.length)];
  for (let at = 0; at < samples.length; at += BLOCK) {
    parts.push(frame(at / BLOCK, samples.slice(at, at + BLOCK)));
  }
  return Buffer.concat(parts);
}
