// A WHIP publisher: a microphone goes to the radio.

import { Session } from './wish.js';

export class Publisher extends Session {
  constructor(url, stream, token) {
    super(url, token ? { Authorization: `Bearer ${token}` } : {});
    this.stream = stream;
  }

  async start() {
    const [track] = this.stream.getAudioTracks();
    this.pc.addTransceiver(track, { direction: 'sendonly', streams: [this.stream] });
    await this.negotiate();
  }
}
