// One end of a connection that is strait's and nothing else: tests/netns/peer, ruled by lines.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { assert, until } from './tap.mjs';

const running = new Set();

export class Strait {
  /** kind: agent, lite or full; the rest are the program's options. */
  constructor(build, kind, ...options) {
    const program = `${build}/tests/netns/peer`;
    assert.ok(existsSync(program), `there is no ${program}: build it with tests and libnice first`);
    this.story = []; // what was said and told, in order
    this.told = {}; // of each word that it told: the values of each line
    this.kind = kind;
    this.child = spawn(program, ['--kind', kind, '--echo', ...options]);
    this.child.stdin.on('error', () => {});
    this.child.on('error', (error) => this.story.push(error.message));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#line(line));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.story.push(line));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.status = code ?? signal;
        running.delete(this);
        resolve(this.status);
      });
    });
    this.heard = () => {};
    running.add(this);
  }

  #line(line) {
    const [word, ...pairs] = line.split('\t');
    const values = Object.fromEntries(pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }));
    if (word !== 'report') this.story.push(line.replaceAll('\t', ' '));
    (this.told[word] ??= []).push(values);
    this.heard(word, values);
  }

  say(...words) {
    if (words[0] !== 'report') this.story.push(`> ${words.join(' ')}`);
    this.child.stdin.write(`${words.join(' ')}\n`);
  }

  /** How often it told a word. */
  count(word) {
    return this.told[word]?.length ?? 0;
  }

  /** Waits for the line after the first `seen` ones of a word that passes, and returns its values. */
  async tells(word, seen = 0, passes = () => true) {
    return until(`strait tells ${word}`, () => {
      assert.equal(this.status, undefined, 'strait has ended');
      assert.deepEqual(this.told.error ?? [], []);
      return this.told[word]?.slice(seen).find(passes);
    }).catch((error) => {
      throw new Error(`${error.message}; strait:\n${this.story.slice(-40).join('\n')}`);
    });
  }

  /** Says something and waits for the word that answers it. */
  async ask(line, word) {
    const seen = this.count(word);
    this.say(line);
    return this.tells(word, seen);
  }

  /** What it says of the connection, in getStats' names; numbers are numbers. */
  async report() {
    const values = await this.ask('report', 'report');
    return Object.fromEntries(Object.entries(values)
      .map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]));
  }

  async end() {
    this.say('quit');
    assert.equal(await this.ended, 0, this.story.slice(-40).join('\n'));
  }
}

export function killStraits() {
  for (const strait of running) strait.child.kill('SIGKILL');
}
