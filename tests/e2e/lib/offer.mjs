// Offers as browsers write them, for tests without a browser.

export const FINGERPRINT = Array.from({ length: 32 }, () => 'A5').join(':');

// An offer as a browser writes it, a line each.
export const OFFER = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:EsAw',
  'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=recvonly',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
];

export const text = (lines) => lines.map((line) => `${line}\r\n`).join('');

export const without = (start) => OFFER.filter((line) => !line.startsWith(start));

export const instead = (start, line) => OFFER.map((old) => (old.startsWith(start) ? line : old));
