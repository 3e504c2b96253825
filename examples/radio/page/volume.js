// How loud it is: a slider, a button for silence, and both remembered.

const KEY = 'radio.volume';
const $ = (id) => document.getElementById(id);

function remembered() {
  try {
    const { level, muted } = JSON.parse(localStorage.getItem(KEY));
    return { level: Math.min(100, Math.max(0, Number(level))), muted: Boolean(muted) };
  } catch {
    return { level: 80, muted: false };
  }
}

/** Events: `change`. */
export class Volume extends EventTarget {
  constructor() {
    super();
    Object.assign(this, remembered());
    $('volume').addEventListener('input', () => {
      this.#set(Number($('volume').value), false);
    });
    $('mute').addEventListener('click', () => this.#set(this.level, !this.muted));
    $('volume').addEventListener('keydown', (event) => {
      if (event.key !== 'm' || event.ctrlKey || event.metaKey || event.altKey) return;
      this.#set(this.level, !this.muted);
    });
    this.#show();
  }

  /** 0..1: ears take loudness by ratios, so half the way is a quarter of the amplitude. */
  get gain() {
    return this.muted ? 0 : (this.level / 100) ** 2;
  }

  #set(level, muted) {
    this.level = level;
    this.muted = muted;
    this.#show();
    try {
      localStorage.setItem(KEY, JSON.stringify({ level, muted }));
    } catch {
      // Without a memory it is 80 % next time.
    }
    this.dispatchEvent(new Event('change'));
  }

  #show() {
    const { level, muted } = this;
    $('volume').value = String(level);
    $('volume').style.setProperty('--part', `${level}%`);
    $('volume').setAttribute('aria-valuetext', muted ? `${level} %, muted` : `${level} %`);
    $('volume-text').textContent = muted ? 'muted' : `${level} %`;
    $('mute').setAttribute('aria-pressed', String(muted));
    $('volume-group').classList.toggle('muted', muted || level === 0);
  }
}
