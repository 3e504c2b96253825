// WHEP's PATCH without a browser: trickled candidates, restarts, and all that is wrong with them.

import { assert, note } from '../lib/tap.mjs';
import { OFFER, text } from '../lib/offer.mjs';
import { Radio } from '../lib/radio.mjs';

const TYPE = 'application/trickle-ice-sdpfrag';

const CREDENTIALS = ['a=ice-ufrag:EsAw', 'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1'];
const SECTION = ['m=audio 9 RTP/AVP 0', 'a=mid:0'];
const CANDIDATE = 'a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0';

/** A resource that has just been made. */
export async function make(radio, path, offer, headers = {}) {
  const made = await fetch(new URL(path, radio.url), {
    method: 'POST', headers: { 'Content-Type': 'application/sdp', ...headers }, body: text(offer),
  });
  assert.equal(made.status, 201);
  const answer = await made.text();
  return {
    url: new URL(made.headers.get('location'), radio.url),
    etag: made.headers.get('etag'),
    ufrag: answer.match(/^a=ice-ufrag:(\S+)\r$/m)[1],
    candidates: answer.match(/^a=candidate:.*$/gm),
  };
}

function patch(resource, lines, headers = {}) {
  return fetch(resource.url, {
    method: 'PATCH',
    headers: { 'Content-Type': TYPE, 'If-Match': resource.etag, ...headers },
    body: text(lines),
  });
}

/** What PATCH does with a resource, on WHEP's and on WHIP's. */
export async function checkPatch(resource, headers = {}) {
  const say = (lines, more = {}) => patch(resource, lines, { ...headers, ...more });
  const trickles = [
    [...CREDENTIALS, ...SECTION, CANDIDATE],
    [...CREDENTIALS, ...SECTION, CANDIDATE, 'a=end-of-candidates'],
    [...SECTION, 'a=candidate:1 1 tcp 1518149375 192.0.2.1 9 typ host tcptype active',
      'a=candidate:2 1 udp 2122260223 4ae0cb57-c7b3-4e6c-a4bd-2ed7b5b6c2b4.local 50000 typ host',
      'a=candidate:3 1 dccp 1 192.0.2.1 9 typ host'],
    ['a=end-of-candidates'],
  ];
  for (const lines of trickles) {
    const response = await say(lines);
    assert.equal(response.status, 204, await response.text());
  }
  assert.equal((await say(trickles[0], { 'If-Match': '*' })).status, 204);
  assert.equal((await say(trickles[0], { 'If-Match': `"other", ${resource.etag}` })).status, 204);

  const without = await fetch(resource.url, {
    method: 'PATCH', headers: { 'Content-Type': TYPE, ...headers }, body: text(trickles[0]),
  });
  assert.equal(without.status, 428);
  assert.equal((await say(trickles[0], { 'If-Match': '"other"' })).status, 412);
  const wrongType = await say(trickles[0], { 'Content-Type': 'application/sdp' });
  assert.equal(wrongType.status, 415);
  assert.equal(wrongType.headers.get('accept-patch'), TYPE);

  const wrong = [
    [400, [], /^line 1: .*empty/],
    [400, ['hello'], /^line 1: /],
    [400, ['a=ice-ufrag:abc'], /^line 1: a=ice-ufrag must/],
    [400, ['a=mid:0'], /^line 1: a=mid/],
    [400, [...CREDENTIALS, ...SECTION, 'a=candidate:1 1 udp x 192.0.2.1 9 typ host'],
      /^line 5: a=candidate/],
    [400, [...CREDENTIALS, 'a=ice-ufrag:Other'], /^line 3: a=ice-ufrag is another/],
    [422, [...CREDENTIALS, 'm=audio 9 RTP/AVP 0', 'a=mid:nobody', CANDIDATE], /a=mid/],
    [422, ['a=ice-ufrag:Other', CREDENTIALS[1]], /restart changes both/],
    [422, ['a=ice-ufrag:Other'], /restart changes both/],
    [422, ['a=ice-lite', ...CREDENTIALS], /ice-lite/],
  ];
  for (const [status, lines, reason] of wrong) {
    const response = await say(lines);
    const sentence = await response.text();
    note(`${response.status} ${sentence.trim()}`);
    assert.equal(response.status, status, sentence);
    assert.match(sentence, reason);
  }
}

export async function checkRestart(resource, headers = {}) {
  const fragment = ['a=ice-ufrag:Anew', 'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa', ...SECTION, CANDIDATE];
  const restarted = await patch(resource, fragment, { ...headers, 'If-Match': '*' });
  const answer = await restarted.text();
  assert.equal(restarted.status, 200, answer);
  assert.equal(restarted.headers.get('content-type'), TYPE);
  const etag = restarted.headers.get('etag');
  assert.match(etag, /^"[A-Za-z0-9+/]+"$/);
  assert.notEqual(etag, resource.etag);
  const [, ufrag] = answer.match(/^a=ice-ufrag:(\S+)\r$/m);
  assert.notEqual(ufrag, resource.ufrag);
  assert.match(answer, /^a=ice-pwd:\S{22,}\r$/m);
  assert.match(answer, /^m=audio 9 RTP\/AVP 0\r\na=mid:0\r$/m);
  assert.deepEqual(answer.match(/^a=candidate:.*$/gm), resource.candidates);
  assert.match(answer, /^a=end-of-candidates\r$/m);

  // The old session is over: its news are refused, the new one's are taken.
  assert.equal((await patch(resource, fragment, headers)).status, 412);
  const again = { ...resource, etag };
  assert.equal((await patch(again, fragment, headers)).status, 204);
  return again;
}

async function listener() {
  const radio = await Radio.start();
  const resource = await make(radio, 'whep', OFFER);
  await checkPatch(resource);
  const again = await checkRestart(resource);
  await checkPatchOfGone(again);
  assert.equal(await radio.stop(), 0);
  assert.deepEqual(radio.errors, []);
}

async function checkPatchOfGone(resource) {
  const gone = await fetch(resource.url, { method: 'DELETE' });
  assert.equal(gone.status, 200);
  assert.equal(gone.headers.get('access-control-allow-origin'), '*');
  const response = await patch(resource, SECTION);
  assert.equal(response.status, 404);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
}

export const tests = [
  ['WHEP: PATCH takes candidates and restarts ICE, and says what is wrong', listener],
];
