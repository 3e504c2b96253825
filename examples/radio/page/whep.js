// A WHEP listener: what the radio sends, as a stream.

import { Session } from './wish.js';

const WATCH_MS = 20;

/** Asks for both channels: without it Opus is decoded in mono by some browsers. */
function askForStereo(sdp) {
  return sdp.replace(/(a=fmtp:\d+ )([^\r\n]*useinbandfec=1)(?![^\r\n]*stereo=1)/g, '$1$2;stereo=1');
}

export class Listener extends Session {
  constructor(url) {
    super(url);
    this.stream = null;
    this.pc.addEventListener('track', (event) => {
      this.stream = event.streams[0] ?? new MediaStream([event.track]);
      // Browsers take the mute away when something comes; before there are keys that means nothing.
      event.track.addEventListener('unmute', () => {
        if (this.times.dtls !== undefined) this.mark('packet');
      });
    });
    this.addEventListener('step', ({ detail }) => {
      if (detail === 'dtls') this.#watch();
    });
  }

  async start() {
    this.pc.addTransceiver('audio', { direction: 'recvonly' });
    await this.negotiate(askForStereo);
  }

  /** For browsers that tell of the first packet too early. */
  async #watch() {
    while (this.times.packet === undefined && this.pc.signalingState !== 'closed') {
      const { inbound } = await this.stats();
      if (inbound?.packetsReceived > 0) this.#firstPacket(inbound);
      else await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    }
  }

  /** Seen now, but one of them came at a time that the browser knows. */
  #firstPacket({ lastPacketReceivedTimestamp }) {
    const now = performance.now();
    const last = lastPacketReceivedTimestamp - performance.timeOrigin;
    this.mark('packet', last > this.times.dtls && last < now ? last : now);
  }
}
