// A browser's page and strait, and the signalling between them: trickle both ways, restarts from either side.

import { assert, until } from './tap.mjs';
import { servePage } from './ice-page.mjs';
import { read, write } from './ice-sdp.mjs';
import { Strait } from './strait.mjs';

const ENOUGH = 25; // packets: half a second

/** Firefox does not tell of all candidates whose they are. */
const isOf = (candidate, ufrag) => [undefined, ufrag].includes(candidate.usernameFragment);

export class Call {
  /** strait: [kind, options]; sound: microphone or oscillator; withhold: strait's candidates are not told. */
  constructor({ build, strait, sound = 'oscillator', configuration = {}, dtls = 'server', withhold = () => false }) {
    Object.assign(this, { sound, configuration, dtls, withhold, version: 0, payload: '111' });
    this.strait = new Strait(build, ...strait, '--dtls', dtls);
    this.fromPage = []; // all candidates of the page: {candidate, ufrag}
    this.known = undefined; // the page's ufrag that strait knows
  }

  /** Opens the page in a browser. */
  async open(browser) {
    this.server = await servePage((_, what) => this.#fromPage(what));
    this.page = await browser.newPage();
    await this.page.goto(this.server.url(1));
    await this.run('begin', this.sound, this.configuration);
    this.local = await this.strait.tells('local');
    this.fingerprint = (await this.strait.tells('fingerprint')).text;
  }

  /** A function of the page. */
  run(name, ...values) {
    return this.page.evaluate(({ name, values }) => window.call[name](...values), { name, values });
  }

  stats() {
    return this.run('stats').then(JSON.parse);
  }

  // --- Signalling ----------------------------------------------------------------------------------

  /** A candidate of a new generation waits until strait knows its credentials; those of the first one do not. */
  #fromPage(what) {
    this.fromPage.push(what);
    if (this.known === undefined || what.ufrag === undefined || what.ufrag === this.known) this.#toStrait(what);
  }

  #toStrait({ candidate }) {
    if (candidate === '') this.strait.say('end');
    else this.strait.say('candidate', candidate);
  }

  /** how: remote, or answer, which restarts strait as well. */
  #remote(sdp, how = 'remote') {
    const { ufrag, pwd, fingerprint, payload } = read(sdp);
    if (this.known === undefined) this.strait.say('fingerprint', fingerprint);
    this.strait.say(how, ufrag, pwd, 0);
    const waiting = this.known === undefined ? []
      : this.fromPage.filter((what) => what.ufrag === ufrag && what.ufrag !== this.known);
    this.known = ufrag;
    this.payload = payload;
    for (const what of waiting) this.#toStrait(what);
  }

  #description(setup) {
    this.version++;
    return write({ ...this, setup });
  }

  /** What strait has told so far, and each further one as it comes. */
  #trickle() {
    const { ufrag } = this.local;
    const pass = (word, values) => {
      if (this.local.ufrag !== ufrag) return;
      if (word === 'candidate' && !this.withhold(values.text)) this.#toPage(values.text, ufrag);
      if (word === 'gathered') this.#toPage('', ufrag);
    };
    for (const values of this.strait.told.candidate ?? []) pass('candidate', values);
    if (this.strait.count('gathered') > 0) pass('gathered');
    this.strait.heard = pass;
  }

  #toPage(candidate, ufrag) {
    this.run('candidate', candidate, ufrag).catch((error) => {
      this.failure ??= new Error(`the page does not take "${candidate}": ${error.message}`);
    });
  }

  async #restartStrait() {
    this.local = await this.strait.ask('restart', 'local');
  }

  /** late: strait hears of a restart when the page has begun to check by its new credentials and strait's old ones. */
  async browserOffers({ restart = false, late = false } = {}) {
    const sdp = await this.run('offer', { iceRestart: restart });
    if (late) await this.until('the page checks before its offer has come', () => this.run('checks'));
    const seen = this.strait.count('local');
    this.#remote(sdp, restart ? 'answer' : 'remote');
    if (restart) this.local = await this.strait.tells('local', seen);
    await this.run('accept', this.#description(this.dtls === 'client' ? 'active' : 'passive'));
    this.#trickle();
  }

  async straitOffers({ restart = false } = {}) {
    if (restart) await this.#restartStrait();
    // A role that was agreed on stays.
    const setup = this.dtls === 'client' ? 'active' : 'passive';
    const sdp = await this.run('answer', this.#description(setup));
    this.#trickle();
    this.#remote(sdp);
  }

  // --- The course of a call -------------------------------------------------------------------------

  /** Waits with what both sides know in the message. */
  async until(what, ask) {
    let last;
    try {
      return await until(what, async () => {
        if (this.failure) throw this.failure;
        assert.equal(this.strait.status, undefined, 'strait has ended');
        assert.deepEqual(this.strait.told.error ?? [], []);
        last = await this.stats();
        return ask(last);
      }, 20_000);
    } catch (error) {
      const { state, states, pair, local, remote, inbound, outbound } = last ?? {};
      throw new Error(`${error.message}\nthe page: ${JSON.stringify({ state, states, pair, local, remote, inbound, outbound })}\n` +
        `strait: ${JSON.stringify(this.strait.told.report?.at(-1))}\n${this.strait.story.slice(-60).join('\n')}`);
    }
  }

  async connect(from = 'browser') {
    if (from === 'browser') await this.browserOffers();
    if (this.strait.kind === 'agent') this.strait.say('gather');
    if (from === 'strait') await this.straitOffers();
    await this.until('both are connected', ({ state }) => state === 'connected' &&
      this.strait.told.dtls?.at(-1).state === 'connected');
  }

  /** Packets go both ways from now on, and are heard. */
  async media() {
    const before = (await this.stats()).inbound.packetsReceived ?? 0;
    await this.until('packets come back and are heard', ({ inbound }) =>
      inbound.packetsReceived >= before + ENOUGH && inbound.totalAudioEnergy > 0);
  }

  /** From 'browser' or 'strait': both use a pair of the new generation. */
  async restart(from, late = false) {
    const states = this.strait.count('ice');
    if (from === 'browser') await this.browserOffers({ restart: true, late });
    else await this.straitOffers({ restart: true });
    await this.until(`the restart from ${from} is done`, ({ local, remote }) => isOf(local, this.known) &&
      isOf(remote, this.local.ufrag) && this.strait.told.ice?.slice(states).at(-1)?.state === 'completed');
  }

  /**
   * The page sends no more: every packet that it sent has come, and every one of strait's, but for `forgiven` ones that
   * the page says that it has lost.
   */
  async expectAll(forgiven = 0) {
    await this.run('rest');
    let ours;
    const { inbound, outbound } = await this.until('each packet has come', async (theirs) => {
      ours = await this.strait.report();
      return ours.received >= theirs.outbound.packetsSent &&
        theirs.inbound.packetsReceived + theirs.inbound.packetsLost >= ours.sent && theirs;
    });
    assert.equal(ours.received, outbound.packetsSent, 'of what the page has sent');
    assert.equal(ours.missing, 0);
    assert.equal(ours.refused, 0);
    assert.equal(ours.sent, ours.received);
    assert.equal(inbound.packetsReceived + inbound.packetsLost, ours.sent);
    assert.ok(inbound.packetsLost <= forgiven, `the page has lost ${inbound.packetsLost} packets`);
    return ours;
  }

  async close() {
    await this.strait.end();
    await this.page.close();
    this.server.close();
  }
}
