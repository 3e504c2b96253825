// A page with an RTCPeerConnection whose signalling is this process, served to any browser.

import { createServer } from 'node:http';

/** Runs in the page: window.call is what a test rules it by. */
function inPage() {
  // In their order, each when the one before has arrived.
  let telling = Promise.resolve();
  const tell = (what) => {
    telling = telling.then(() => fetch(`tell${location.search}`, { method: 'POST', body: JSON.stringify(what) }));
  };

  async function sound(kind) {
    if (kind === 'microphone') return navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext();
    const [tone, out] = [context.createOscillator(), context.createMediaStreamDestination()];
    tone.connect(out);
    tone.start();
    return out.stream;
  }

  function play(track) {
    const element = new Audio();
    element.srcObject = new MediaStream([track]);
    element.play();
    return element;
  }

  const call = {
    async begin(kind, configuration) {
      const stream = await sound(kind);
      call.pc = new RTCPeerConnection(configuration);
      call.sender = call.pc.addTrack(stream.getAudioTracks()[0], stream);
      call.pc.onicecandidate = ({ candidate }) => tell({
        candidate: candidate?.candidate ?? '', ufrag: candidate?.usernameFragment ?? undefined,
      });
      call.pc.ontrack = ({ track }) => { call.playing = play(track); };
      call.states = [];
      call.pc.oniceconnectionstatechange = () => call.states.push(call.pc.iceConnectionState);
    },

    async offer(options) {
      await call.pc.setLocalDescription(await call.pc.createOffer(options));
      return call.pc.localDescription.sdp;
    },

    async answer(sdp) {
      await call.pc.setRemoteDescription({ type: 'offer', sdp });
      await call.pc.setLocalDescription();
      return call.pc.localDescription.sdp;
    },

    accept: (sdp) => call.pc.setRemoteDescription({ type: 'answer', sdp }),

    candidate: (candidate, usernameFragment) =>
      call.pc.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0, usernameFragment }),

    /** Whether it has sent a check by the credentials that it offers. */
    async checks() {
      const [, ufrag] = call.pc.localDescription.sdp.match(/^a=ice-ufrag:(\S+)/m);
      const rows = [...(await call.pc.getStats()).values()];
      const own = rows.filter((row) => row.usernameFragment === ufrag).map((row) => row.id);
      return rows.some((row) => row.type === 'candidate-pair' && row.requestsSent > 0 &&
        own.includes(row.localCandidateId));
    },

    /** Sends no more. */
    rest: () => call.sender.replaceTrack(null),

    state: () => call.pc.connectionState,

    /** The rows that matter, as one object; of browsers' words what they have. */
    async stats() {
      const rows = [...(await call.pc.getStats()).values()];
      const of = (type) => rows.find((row) => row.type === type) ?? {};
      const by = (id) => rows.find((row) => row.id === id);
      const transport = of('transport');
      const pair = by(transport.selectedCandidatePairId) ??
        rows.find((row) => row.type === 'candidate-pair' && row.nominated && row.state === 'succeeded' && row.selected !== false);
      return JSON.stringify({
        state: call.pc.connectionState,
        states: call.states,
        transport,
        pair: pair ?? null,
        local: by(pair?.localCandidateId) ?? {},
        remote: by(pair?.remoteCandidateId) ?? {},
        inbound: of('inbound-rtp'),
        outbound: of('outbound-rtp'),
      });
    },
  };
  window.call = call;
}

const HTML = `<!doctype html><meta charset="utf-8"><title>ICE</title><link rel="icon" href="data:,">
<script>(${inPage})()</script>`;

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

/** Serves the page; `told(number, what)` hears what the page with ?number tells. */
export async function servePage(told) {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname === '/tell') {
      const what = JSON.parse(await body(request));
      response.writeHead(204).end();
      told(search.slice(1), what);
    } else {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML);
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: (number) => `http://localhost:${server.address().port}/?${number}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
