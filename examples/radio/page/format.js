// Figures as people read them.

const versions = { FEFC: 'DTLS 1.3', FEFD: 'DTLS 1.2', FEFF: 'DTLS 1.0' };

const nothing = '–';
const known = (value) => value !== undefined && value !== null && !Number.isNaN(value);

/** W3C's tlsVersion. */
export const dtlsVersion = (tlsVersion) => versions[tlsVersion] ?? tlsVersion;

/** IANA's name without the prefix that browsers put before it. */
export const srtpProfile = (name) => name?.replace(/^SRTP_/, '');

/** "1:02" or "1:02:03" of seconds. */
export function clock(seconds) {
  if (!known(seconds)) return nothing;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The same for ears: "1 minute 2 seconds". */
export function spoken(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [[Math.floor(whole / 3600), 'hour'], [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second']];
  return parts.filter(([value, unit]) => value > 0 || (unit === 'second' && whole === 0))
    .map(([value, unit]) => `${value} ${unit}${value === 1 ? '' : 's'}`).join(' ');
}

/** Milliseconds of seconds: tenths below ten. */
export function milliseconds(seconds) {
  if (!known(seconds)) return nothing;
  const ms = 1000 * seconds;
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Percent of a fraction: tenths below ten. */
export function percent(fraction) {
  if (!known(fraction)) return nothing;
  const value = 100 * fraction;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} %`;
}

export const kilobits = (bitsPerSecond) =>
  (known(bitsPerSecond) ? `${Math.round(bitsPerSecond / 1000)} kbit/s` : nothing);

const grouped = new Intl.NumberFormat('en');
export const count = (value) => (known(value) ? grouped.format(value) : nothing);

export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? '' : 's'}`;
