// Starts and stops the radio on free ports.

import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { assert, until } from './tap.mjs';

let program;
const running = new Set();

export function useBuild(folder) {
  program = `${folder}/examples/radio/radio`;
}

/** A radio that has been started and may have ended: its lines, its errors, its exit status. */
export class Process {
  /** input: a file whose bytes come through a pipe, or nothing. */
  constructor(args, input) {
    this.lines = [];
    this.errors = [];
    this.child = spawn(program, args, { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    if (input) {
      // The radio may end before all was read.
      this.child.stdin.on('error', () => {});
      createReadStream(input).pipe(this.child.stdin);
    }
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.errors.push(line));
    this.status = undefined;
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.status = code ?? signal;
        running.delete(this);
        resolve(this.status);
      });
    });
    running.add(this);
  }

  async line(pattern) {
    return until(`the radio says ${pattern}; it said:\n${this.lines.concat(this.errors).join('\n')}`,
      () => {
        assert.equal(this.status, undefined, `the radio ended: ${this.errors.join(' ')}`);
        return this.lines.map((line) => line.match(pattern)).find(Boolean);
      });
  }
}

export class Radio extends Process {
  static start(...args) {
    return Radio.startWith(undefined, ...args);
  }

  static async startWith(input, ...args) {
    const radio = new Radio(['--http-port', '0', '--udp-port', '0', ...args], input);
    const [, http, udp] = await radio.line(/^On the air: http:\/\/localhost:(\d+)\/.*UDP port (\d+)/);
    Object.assign(radio, { httpPort: http, udpPort: udp, url: `http://localhost:${http}/` });
    return radio;
  }

  /** All of them, or a part: 'station' or a listener's number. */
  async stats(part) {
    const response = await fetch(new URL(part ? `stats/${part}` : 'stats', this.url));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    return response.json();
  }

  /** The listener of this number, wherever it is listed. */
  async listener(number) {
    const { listeners, ended } = await this.stats();
    return [...listeners, ...ended].find((listener) => listener.number === Number(number));
  }

  /** As Ctrl-C does. */
  async stop() {
    this.child.kill('SIGINT');
    return this.ended;
  }
}

export function killRadios() {
  for (const radio of running) radio.child.kill('SIGKILL');
}
