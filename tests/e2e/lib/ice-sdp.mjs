// The little SDP that one audio section needs.

const one = (sdp, pattern) => sdp.match(pattern)?.[1];

/** What strait needs of a browser's description. */
export const read = (sdp) => ({
  ufrag: one(sdp, /^a=ice-ufrag:(\S+)/m),
  pwd: one(sdp, /^a=ice-pwd:(\S+)/m),
  fingerprint: one(sdp, /^a=fingerprint:(sha-256 \S+)/m),
  setup: one(sdp, /^a=setup:(\S+)/m),
  payload: one(sdp, /^a=rtpmap:(\d+) opus\/48000\/2/m),
});

/** strait's own: Opus both ways, without candidates. `version` grows with each. */
export function write({ local, fingerprint, setup, payload, version }) {
  return [
    'v=0',
    `o=- 4711 ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    ...(local.lite === '1' ? ['a=ice-lite'] : []),
    `m=audio 9 UDP/TLS/RTP/SAVPF ${payload}`,
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=sendrecv',
    'a=rtcp-mux',
    `a=ice-ufrag:${local.ufrag}`,
    `a=ice-pwd:${local.pwd}`,
    'a=ice-options:trickle',
    `a=fingerprint:${fingerprint}`,
    `a=setup:${setup}`,
    `a=rtpmap:${payload} opus/48000/2`,
    'a=msid:strait echo',
    'a=ssrc:7 cname:strait',
  ].map((line) => `${line}\r\n`).join('');
}
