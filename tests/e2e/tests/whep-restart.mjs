// Chromium restarts ICE through WHEP's PATCH and goes on hearing; HTTPS serves the same.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { assert, note, until } from '../lib/tap.mjs';
import { launchers } from '../lib/browsers.mjs';
import { OFFER, text } from '../lib/offer.mjs';
import { listen, received } from '../lib/page.mjs';
import { Process, Radio } from '../lib/radio.mjs';

const execute = promisify(execFile);

/** Runs in the page: a restart as a WHEP client makes one. */
async function restartHere() {
  const { pc, resource } = window.radio.listener;
  const line = (sdp, name) => sdp.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
  const before = pc.remoteDescription.sdp;
  const states = [];
  pc.addEventListener('connectionstatechange', () => states.push(pc.connectionState));
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  const { sdp } = pc.localDescription;
  const names = ['ice-ufrag', 'ice-pwd'];
  const body = [...names.map((name) => line(sdp, name)), 'm=audio 9 RTP/AVP 0', line(sdp, 'mid'), '']
    .join('\r\n');
  const response = await fetch(resource, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
    body,
  });
  const fragment = await response.text();
  let answer = before;
  for (const name of names) answer = answer.replace(line(before, name), line(fragment, name));
  await pc.setRemoteDescription({ type: 'answer', sdp: answer });
  // Done when the pair in use is one of the new generation.
  const ufrag = line(sdp, 'ice-ufrag').split(':')[1];
  for (;;) {
    const stats = await pc.getStats();
    const rows = [...stats.values()];
    const pair = stats.get(rows.find(({ type }) => type === 'transport')?.selectedCandidatePairId);
    if (pair && stats.get(pair.localCandidateId)?.usernameFragment === ufrag) break;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return { status: response.status, states, state: pc.connectionState };
}

async function restarts() {
  const radio = await Radio.start();
  const browser = await launchers.Chromium();
  const page = await listen(browser, radio);
  for (let round = 1; round <= 2; round++) {
    const { status, states, state } = await page.evaluate(restartHere);
    note(`restart ${round}: ${status}, then ${states.join(' ')} ${state}`);
    assert.equal(status, 200);
    assert.equal(state, 'connected');
    const so = await received(page);
    await until('a second more was received', async () => (await received(page)) > so + 50);
  }
  const { transport, state } = (await radio.stats()).listeners[0];
  assert.equal(state, 'on air');
  assert.ok(['connected', 'completed'].includes(transport.iceState), transport.iceState);
  await browser.close();
  assert.equal(await radio.stop(), 0);
}

// --- HTTPS -----------------------------------------------------------------------------------

function fetchOver(url, ca, options, body) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca, servername: 'localhost', ...options }, (response) => {
      const tls = response.socket.getProtocol();
      let answer = '';
      response.on('data', (piece) => { answer += piece; });
      response.on('end', () => resolve({ status: response.statusCode, answer, tls }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** A certificate and its key as files; null where there is no openssl to make them. */
async function makeCertificate(folder, name) {
  const [cert, key] = [`${folder}/${name}.crt`, `${folder}/${name}.key`];
  try {
    await execute('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
      'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj',
      '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  return { cert, key };
}

async function refuses(args, sentence, status = 1) {
  const process = new Process(['--http-port', '0', '--udp-port', '0', ...args]);
  assert.equal(await process.ended, status, args.join(' '));
  assert.equal(process.errors.length, 1, process.errors.join('\n'));
  assert.match(process.errors[0], sentence);
  note(process.errors[0]);
}

async function https() {
  const folder = await mkdtemp(`${tmpdir()}/radio-tls-`);
  try {
    const ours = await makeCertificate(folder, 'ours');
    if (!ours) {
      note('there is no openssl here: HTTPS was not tried');
      return;
    }
    const other = await makeCertificate(folder, 'other');
    await writeFile(`${folder}/empty`, '');
    await refuses(['--tls-cert', `${folder}/nothing`, '--tls-key', ours.key], /cannot read .*nothing: No such/);
    await refuses(['--tls-cert', ours.cert], /both --tls-cert and --tls-key/, 2);
    await refuses(['--tls-cert', `${folder}/empty`, '--tls-key', ours.key], /empty is empty/);
    await refuses(['--tls-cert', ours.key, '--tls-key', ours.key], /ours\.key is no certificate/);
    await refuses(['--tls-cert', ours.cert, '--tls-key', ours.cert], /ours\.crt is no private key/);
    await refuses(['--tls-cert', ours.cert, '--tls-key', other.key], /are no certificate and its key/);

    const radio = new Process(['--http-port', '0', '--udp-port', '0', '--tls-cert', ours.cert,
      '--tls-key', ours.key]);
    const [, port] = await radio.line(/^On the air: https:\/\/localhost:(\d+)\//);
    const ca = await readFile(ours.cert);
    const page = await fetchOver(`https://localhost:${port}/`, ca, {});
    assert.equal(page.status, 200);
    assert.match(page.answer, /<html/);
    note(page.tls);
    const joined = await fetchOver(`https://localhost:${port}/whep`, ca,
      { method: 'POST', headers: { 'Content-Type': 'application/sdp' } }, text(OFFER));
    assert.equal(joined.status, 201, joined.answer);
    // Plain HTTP on that port gets nothing.
    await assert.rejects(fetch(`http://localhost:${port}/`));
    radio.child.kill('SIGINT');
    assert.equal(await radio.ended, 0);
    assert.deepEqual(radio.errors, []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const tests = [
  ['WHEP: Chromium restarts ICE by PATCH and goes on hearing', restarts],
  ['HTTPS serves the page and WHEP; files that are none end in one sentence', https],
];
