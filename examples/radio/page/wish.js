// What WHEP and WHIP have in common: an offer goes out, an answer comes back, and a connection lives.

const ANSWER_MS = 15_000; // nobody waits longer for an answer
const PATH_MS = 15_000; // nor for a path after it
const GOODBYE_MS = 1000;
const SURE_MS = 3000; // after it was connected the keys are good

/** The radio said no, or nothing: `status` is HTTP's, 0 where no answer came. */
export class Refusal extends Error {
  constructor(status, text, retryAfter) {
    super(text);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

async function exchange(url, sdp, headers) {
  let response;
  let text;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', ...headers },
      body: sdp,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    text = await response.text();
  } catch {
    throw new Refusal(0, 'no answer');
  }
  if (response.status !== 201) {
    const wait = Number(response.headers.get('Retry-After')) || undefined;
    throw new Refusal(response.status, text.trim(), wait);
  }
  return { answer: text, resource: new URL(response.headers.get('Location'), response.url).href };
}

/** What a connection goes through, in this order. */
export const STEPS = ['offer', 'answer', 'ice', 'dtls', 'packet', 'sound'];

/**
 * One connection. Events: `state` (RTCPeerConnection's), `step` (one of STEPS), `fail` ('ice': no path,
 * 'dtls': no keys, 'lost': it was there once, 'closed': the radio ended it).
 */
export class Session extends EventTarget {
  constructor(url, headers = {}) {
    super();
    this.url = url;
    this.headers = headers;
    this.resource = null;
    this.port = null; // the radio's, of UDP
    this.times = { begin: performance.now() }; // ms on the page's clock
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.pc.addEventListener('connectionstatechange', () => this.#changed());
    this.pc.addEventListener('iceconnectionstatechange', () => this.#iceChanged());
  }

  mark(step, when = performance.now()) {
    if (this.times[step] !== undefined) return;
    this.times[step] = when;
    this.dispatchEvent(new CustomEvent('step', { detail: step }));
  }

  /**
   * [step, ms since the beginning] of what has happened. A step that was noticed late happened no later
   * than one that needs it.
   */
  course() {
    let latest = Infinity;
    const course = [];
    for (const step of [...STEPS].reverse()) {
      latest = Math.min(latest, this.times[step] ?? Infinity);
      if (latest < Infinity) course.unshift([step, latest - this.times.begin]);
    }
    return course;
  }

  /** Sends the local description, through `adapt` first, and takes the answer in. */
  async negotiate(adapt = (sdp) => sdp) {
    const { pc } = this;
    const offer = await pc.createOffer();
    offer.sdp = adapt(offer.sdp);
    await pc.setLocalDescription(offer);
    this.mark('offer');
    // The radio is ICE-lite: it needs no candidates of ours, so there is nothing to wait for.
    const { answer, resource } = await exchange(this.url, offer.sdp, this.headers);
    this.resource = resource;
    this.port = answer.match(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/mi)?.[1] ?? null;
    this.mark('answer');
    if (pc.signalingState === 'closed') {
      this.stop();
      return;
    }
    await pc.setRemoteDescription({ type: 'answer', sdp: answer });
    // A close_notify shows here first.
    this.#dtls()?.addEventListener('statechange', () => this.#changed());
    this.timer = setTimeout(() => {
      if (this.times.ice === undefined) this.#fail('ice');
    }, PATH_MS);
  }

  #dtls() {
    const [{ sender, receiver } = {}] = this.pc.getTransceivers();
    return sender?.transport ?? receiver?.transport;
  }

  #iceChanged() {
    if (this.#hasPath()) this.mark('ice');
  }

  #changed() {
    const state = this.pc.connectionState;
    const dtls = this.#dtls()?.state;
    if (state === 'connected' || dtls === 'connected') this.mark('dtls');
    if (state === 'connected') this.times.connected ??= performance.now();
    if (state === 'failed' || dtls === 'failed') this.#fail(this.#cause());
    else if (dtls === 'closed') this.#fail('closed');
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  /** Where there is a path, keys are what failed; a peer may refuse ours once we had thought all is well. */
  #cause() {
    const { connected } = this.times;
    if (connected !== undefined && performance.now() - connected > SURE_MS) return 'lost';
    if (this.#hasPath()) return 'dtls';
    return connected === undefined ? 'ice' : 'lost';
  }

  #hasPath() {
    return /^(connected|completed)$/.test(this.pc.iceConnectionState);
  }

  #fail(kind) {
    this.dispatchEvent(new CustomEvent('fail', { detail: kind }));
  }

  /** The number that the radio's statistics know it by. */
  get number() {
    return this.resource?.match(/\/(\d+)-[^/]*$/)?.[1];
  }

  /** Says goodbye, and closes once that was heard; `keepalive` when the page itself goes. */
  stop({ keepalive = false } = {}) {
    const { pc, resource, headers } = this;
    clearTimeout(this.timer);
    this.resource = null;
    if (!resource) {
      pc.close();
      return;
    }
    const signal = AbortSignal.timeout(GOODBYE_MS);
    fetch(resource, { method: 'DELETE', headers, keepalive, signal }).catch(() => {})
      .finally(() => pc.close());
  }

  /** The rows of getStats that matter here. */
  async stats() {
    const report = await this.pc.getStats();
    const rows = {};
    for (const row of report.values()) {
      if (row.type === 'transport') rows.transport = row;
      if (row.type === 'inbound-rtp' && row.kind === 'audio') rows.inbound = row;
      if (row.type === 'outbound-rtp' && row.kind === 'audio') rows.outbound = row;
      if (row.type === 'remote-inbound-rtp' && row.kind === 'audio') rows.remoteInbound = row;
      // Firefox has no word of the pair in its transport's row.
      if (row.type === 'candidate-pair' && row.selected) rows.pair = row;
    }
    rows.pair = report.get(rows.transport?.selectedCandidatePairId) ?? rows.pair;
    rows.local = report.get(rows.pair?.localCandidateId);
    rows.remote = report.get(rows.pair?.remoteCandidateId);
    return rows;
  }
}
