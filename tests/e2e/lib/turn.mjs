// coturn, over UDP and TCP.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { assert, until } from './tap.mjs';

const running = new Set();

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** ./dev test says where it is. */
function program() {
  const unpacked = fileURLToPath(new URL('../../../build-tools/coturn/usr/bin/turnserver', import.meta.url));
  const installed = (process.env.PATH ?? '').split(':').map((folder) => `${folder}/turnserver`);
  const found = [process.env.STRAIT_TURNSERVER, unpacked, ...installed].find((path) => path && isProgram(path));
  assert.ok(found, 'there is no turnserver: install coturn, or say where it is by STRAIT_TURNSERVER');
  return found;
}

function freePort(address) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, address, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const answers = (address, port) => new Promise((resolve) => {
  const socket = connect(port, address);
  socket.on('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
});

export class Turn {
  static async start(address) {
    const turn = new Turn();
    Object.assign(turn, { address, port: await freePort(address), said: '' });
    turn.child = spawn(program(), ['-n', '-L', address, '-E', address, '-p', turn.port, '--lt-cred-mech',
      '-u', 'ann:secret', '-r', 'example.org', '--no-cli', '--no-tls', '--no-dtls', '--log-file', 'stdout',
      '--pidfile', '/dev/null', '--userdb', '/dev/null'], { cwd: tmpdir() });
    turn.child.stdout.on('data', (data) => { turn.said = (turn.said + data).slice(-4000); });
    turn.child.on('close', () => running.delete(turn));
    running.add(turn);
    await until('coturn listens', async () => {
      assert.equal(turn.child.exitCode, null, `coturn has ended:\n${turn.said}`);
      return answers(address, turn.port);
    });
    return turn;
  }

  url(way) {
    return `turn:${this.address}:${this.port}?transport=${way}`;
  }

  /** For RTCPeerConnection: relayed candidates only. */
  configuration(way) {
    return {
      iceTransportPolicy: 'relay',
      iceServers: [{ urls: this.url(way), username: 'ann', credential: 'secret' }],
    };
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}

export function killTurns() {
  for (const turn of running) turn.stop();
}
