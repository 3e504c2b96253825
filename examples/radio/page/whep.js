// A WHEP listener: an offer goes out, an answer comes back, the sound follows.

/** What went wrong, as a sentence for people. */
export class ListenError extends Error {}

const sentences = {
  ice: 'No way for the sound was found. A firewall between you and the radio may block its UDP port.',
  dtls: 'The encryption with the radio could not be agreed. Reload the page and try again.',
  lost: 'The connection to the radio broke. Press play to try again.',
};

/** Asks for both channels: without it Opus is decoded in mono by some browsers. */
function askForStereo(sdp) {
  return sdp.replace(/(a=fmtp:\d+ )([^\r\n]*useinbandfec=1)(?![^\r\n]*stereo=1)/g, '$1$2;stereo=1');
}

async function exchange(url, sdp) {
  let response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: sdp,
    });
  } catch {
    throw new ListenError('The radio does not answer. Is it still running?');
  }
  const text = await response.text();
  if (response.status !== 201) {
    throw new ListenError(`The radio said no: ${text.trim() || response.status}.`);
  }
  return { answer: text, resource: new URL(response.headers.get('Location'), response.url).href };
}

export class Listener extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.resource = null;
    this.times = { begin: performance.now() }; // ms on the page's clock
    this.stream = null;
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.pc.addEventListener('track', (event) => {
      this.stream = event.streams[0] ?? new MediaStream([event.track]);
    });
    this.pc.addEventListener('connectionstatechange', () => this.#changed());
  }

  async start() {
    const { pc } = this;
    pc.addTransceiver('audio', { direction: 'recvonly' });
    const offer = await pc.createOffer();
    offer.sdp = askForStereo(offer.sdp);
    await pc.setLocalDescription(offer);
    this.times.offer = performance.now();
    // The radio is ICE-lite: it needs no candidates of ours, so there is nothing to wait for.
    const { answer, resource } = await exchange(this.url, offer.sdp);
    this.resource = resource;
    this.times.answer = performance.now();
    if (pc.signalingState !== 'closed') {
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });
      // A close_notify shows here first.
      pc.getReceivers()[0].transport?.addEventListener('statechange', () => this.#changed());
    }
  }

  #changed() {
    const state = this.pc.connectionState;
    if (state === 'connected') {
      this.times.connected ??= performance.now();
    }
    const wasConnected = this.times.connected !== undefined;
    const dtls = this.pc.getReceivers()[0]?.transport?.state;
    if (state === 'failed' || dtls === 'failed') {
      if (dtls === 'failed') this.#fail(sentences.dtls);
      else this.#fail(wasConnected ? sentences.lost : sentences.ice);
    } else if (dtls === 'closed') {
      this.#fail('The radio went off the air.');
    }
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  #fail(sentence) {
    this.dispatchEvent(new CustomEvent('fail', { detail: sentence }));
  }

  /** Says goodbye; `keepalive` when the page itself goes. */
  stop({ keepalive = false } = {}) {
    this.pc.close();
    if (this.resource) {
      fetch(this.resource, { method: 'DELETE', keepalive }).catch(() => {});
      this.resource = null;
    }
  }

  /** The rows of getStats that matter here, by type. */
  async stats() {
    const rows = {};
    for (const row of (await this.pc.getStats()).values()) {
      if (row.type === 'transport') rows.transport = row;
      if (row.type === 'inbound-rtp' && row.kind === 'audio') rows.inbound = row;
    }
    return rows;
  }
}
