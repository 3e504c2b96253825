// Each kind of strait's ICE with browsers: trickle both ways, media both ways, restarts from both sides.

import { networkInterfaces } from 'node:os';
import { assert, note, together } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { Call } from '../lib/ice-call.mjs';
import { Turn } from '../lib/turn.mjs';

// Any that is not the loopback's: browsers have no candidates there.
const address = () => Object.values(networkInterfaces()).flat()
  .find(({ internal, family }) => !internal && family === 'IPv4').address;

// Of UDP and, as with rtcp-mux, of the first component.
const isName = ({ candidate }) => /^candidate:\S+ 1 udp \d+ [\w-]+\.local /i.test(candidate);

/** The arguments of a peer. The shared port is at one address; an agent gathers from all. */
const peer = (kind, role, ...others) =>
  [kind, '--role', role, ...(kind === 'agent' ? [] : ['--bind', address()]), ...others];

// --- What both sides must say ------------------------------------------------------------------------

/** strait's report and the page's getStats are of the same pair. */
function checkPair(ours, { transport, pair, local, remote }) {
  assert.ok(pair, 'the page has selected a pair');
  // A relayed candidate's is the server's.
  assert.equal(ours.candidatePort ?? ours.localPort, remote.port, 'strait\'s port');
  assert.equal(ours.remotePort, local.port, 'the page\'s port');
  // Of what hides behind a name the page tells no address.
  if (remote.address) assert.equal(ours.candidateAddress ?? ours.localAddress, remote.address);
  if (local.address && !local.address.endsWith('.local')) assert.equal(ours.remoteAddress, local.address);
  if (transport.iceRole) assert.notEqual(ours.iceRole, transport.iceRole);
  if (transport.dtlsRole) assert.notEqual(ours.dtlsRole, transport.dtlsRole);
  if (ours.protocol) assert.equal(ours.protocol, 'udp');
}

/** What the page has answers to strait has got and answered, on that pair or before on another. */
function checkCounts(kind, ours, theirs) {
  assert.ok(ours.requestsReceived >= theirs.responsesReceived, 'the page\'s checks');
  assert.ok(ours.responsesSent >= theirs.responsesReceived, 'strait\'s answers');
  if (kind === 'lite') {
    assert.equal(ours.requestsSent + ours.responsesReceived, 0);
  } else {
    assert.ok(ours.requestsSent >= ours.responsesReceived && ours.responsesReceived > 0, 'strait\'s checks');
  }
}

/** The states of W3C in their order; what a restart adds is no interruption. */
function checkStates(strait, states) {
  const ours = strait.told.ice.map(({ state }) => state);
  assert.deepEqual([...new Set(ours)], ['checking', 'connected', 'completed'], ours.join(' '));
  assert.equal(ours.filter((state) => state === 'checking').length, 1, ours.join(' '));
  assert.deepEqual(strait.told.dtls.map(({ state }) => state), ['connecting', 'connected']);
  for (const state of ['disconnected', 'failed', 'closed']) assert.ok(!states.includes(state), states.join(' '));
}

/**
 * As soon as its own check has been answered Firefox hears no more where it heard before: of what is on its way there a
 * packet or two are lost. And it answers checks before it has the answer to its offer, but drops media until then; where
 * strait controls, it may have nominated a pair by that time: there only strait restarts.
 */
const firefoxWay = (role) => ({
  forgiven: 10,
  restarts: role === 'controlling' ? ['strait', 'strait'] : ['browser', 'strait'],
});

/** A restart has other credentials and loses nothing. late: see browserOffers. */
async function talk(call, from, { late = false, forgiven = 0, restarts = ['browser', 'strait'] } = {}) {
  await call.connect(from);
  await call.media();
  for (const side of restarts) {
    await call.restart(side, late && side === 'browser');
    await call.media();
  }
  const ours = await call.expectAll(forgiven);
  const theirs = await call.stats();
  checkPair(ours, theirs);
  checkCounts(call.strait.kind, await call.strait.report(), theirs.pair);
  checkStates(call.strait, theirs.states);
  return { ours, theirs };
}

function tell(what, { ours, theirs }) {
  note(`${what}: ${ours.received} packets there and back, ${ours.iceRole}, DTLS ${ours.dtlsRole}, ` +
    `${ours.remoteType ?? 'a'} ${ours.remoteAddress} here, ${theirs.remote.candidateType} there, ` +
    `${ours.selectedCandidatePairChanges} paths${theirs.inbound.packetsLost ? `, ${theirs.inbound.packetsLost} lost there` : ''}`);
}

// --- Host to host ------------------------------------------------------------------------------------

/** Each kind as the one that answers, and those that can control as the one that offers. */
const WAYS = [
  ['agent', 'controlled', 'server', 'browser'],
  ['agent', 'controlling', 'client', 'strait'],
  ['lite', 'controlled', 'client', 'browser'],
  ['lite', 'controlled', 'server', 'strait'],
  ['full', 'controlled', 'server', 'browser'],
  ['full', 'controlling', 'client', 'strait'],
];

function allKinds(build, launcher, sound, check, ways = WAYS) {
  return async () => {
    const browser = await launchers[launcher]();
    await together(ways.map(([kind, role, dtls, from]) => [`${kind}, an offer of the ${from}`, async () => {
      // The one that asks for the page's names has a test of its own.
      const strait = peer(kind, role, ...(kind === 'agent' ? ['--no-mdns'] : []));
      const call = new Call({ build, strait, sound, dtls });
      await call.open(browser);
      const seen = await talk(call, from, launcher.startsWith('Chromium')
        ? { late: role === 'controlled' } : firefoxWay(role));
      tell(`${kind}, an offer of the ${from}`, seen);
      check(call, kind, seen);
      await call.close();
    }]));
    await browser.close();
  };
}

/**
 * Nobody asks for the page's names: an agent refuses them, full counts them, lite has no use for candidates. The page
 * is found by its own checks.
 */
function checkNames(call, kind, { ours }) {
  const names = call.fromPage.filter(isName).length;
  assert.ok(names >= 3, 'a name in each generation');
  if (kind === 'full') assert.equal(ours.remoteUnresolved, names);
  if (kind !== 'agent') return;
  const refused = call.strait.told.unsupported.map(({ text }) => ({ candidate: text }));
  assert.equal(refused.filter(isName).length, names);
  assert.equal(ours.remoteType, 'prflx');
}

function checkAddresses(call, kind, { ours, theirs }) {
  if (kind !== 'lite') assert.equal(ours.priority, theirs.pair.priority);
  assert.deepEqual(call.fromPage.filter(isName), []);
  if (kind === 'agent') assert.equal(ours.remoteType, 'host');
}

/**
 * The page hears of no candidate of strait's, and so can check none: strait asks the network for the page's name, in
 * each generation, and what it has then is a host candidate.
 */
const resolved = (build) => async () => {
  const browser = await launchers.ChromiumWithoutMicrophone();
  await together(['controlled', 'controlling'].map((role) => [role, async () => {
    const call = new Call({ build, strait: peer('agent', role), withhold: () => true });
    await call.open(browser);
    const seen = await talk(call, role === 'controlled' ? 'browser' : 'strait');
    tell(role, seen);
    const names = call.fromPage.filter(isName).length;
    assert.ok(names >= 3, 'a name in each generation');
    assert.equal(seen.ours.namesAsked, names);
    assert.equal(seen.ours.namesResolved, names);
    assert.equal(seen.ours.remoteType, 'host');
    assert.equal(seen.ours.remoteAddress, address());
    assert.equal(seen.theirs.remote.candidateType, 'prflx');
    await call.close();
  }]));
  await browser.close();
};

// --- Relayed -----------------------------------------------------------------------------------------

/** The page's way to the server, the kind, and the server's options for strait. */
const RELAYED = [
  ['udp', 'agent', () => []],
  ['tcp', 'agent', (turn) => ['--relay', '--server', turn.url('tcp')]],
  ['udp', 'lite', () => []],
  ['tcp', 'full', () => []],
];

const typesOf = (candidates) => [...new Set(candidates.map((text) => text.match(/ typ (\w+)/)[1]))];

function checkRelay(call, way, { ours, theirs }) {
  assert.equal(theirs.local.candidateType, 'relay');
  assert.equal(theirs.local.relayProtocol, way);
  assert.deepEqual(typesOf(call.fromPage.map(({ candidate }) => candidate).filter(Boolean)), ['relay']);
  if (!call.relayed) return;
  assert.equal(ours.localType, 'relay');
  assert.deepEqual(typesOf(call.strait.told.candidate.map(({ text }) => text)), ['relay']);
}

const relayed = (build) => async () => {
  const turn = await Turn.start(address());
  const browser = await launchers.ChromiumWithoutMicrophone();
  await together(RELAYED.map(([way, kind, options]) => {
    const own = options(turn);
    const what = `${way}, ${kind}${own.length > 0 ? ' that is relayed too' : ''}`;
    return [what, async () => {
      const call = new Call({ build, strait: peer(kind, 'controlled', ...own), configuration: turn.configuration(way) });
      call.relayed = own.length > 0;
      await call.open(browser);
      const seen = await talk(call, 'browser');
      tell(what, seen);
      checkRelay(call, way, seen);
      await call.close();
    }];
  }));
  await browser.close();
  turn.stop();
};

export const ice = (build) => [
  ['ICE: Chromium, hidden behind .local names, with an agent, lite and full; restarts lose nothing',
    allKinds(build, 'ChromiumWithoutMicrophone', 'oscillator', checkNames)],
  ['ICE: Chromium, with its addresses, with an agent, lite and full; restarts lose nothing',
    allKinds(build, 'ChromiumWithFakeMicrophone', 'microphone', checkAddresses)],
  ['ICE: Firefox, hidden behind .local names, with an agent, lite and full; restarts lose nothing on their way here',
    allKinds(build, 'FirefoxWithFakeMicrophone', 'microphone', checkNames,
      WAYS.filter(([kind, , , from]) => kind === 'agent' || from === 'browser'))],
  ['ICE: Chromium\'s .local names are resolved where it could not reach an agent by its own checks',
    resolved(build)],
  ['ICE: Chromium, only by a TURN server over UDP and over TCP, with each kind', relayed(build)],
];
