// A connection's course as bars: from one step to the next, in ms since play was pressed.

import { STEPS } from './wish.js';

const names = {
  offer: ['Offer', 'the browser has written its offer'],
  answer: ['Answer', 'the radio has answered'],
  ice: ['ICE', 'a path is found'],
  dtls: ['DTLS', 'keys are agreed on'],
  packet: ['First packet', 'media comes in'],
  sound: ['First sound', 'something is heard'],
};

function row(step) {
  const item = document.createElement('li');
  const [name, meaning] = names[step];
  item.innerHTML = '<span class="step"></span> <span class="track" aria-hidden="true"><i></i></span> ' +
    '<span class="at">–</span>';
  item.title = meaning;
  item.querySelector('.step').textContent = name;
  return item;
}

export class Course {
  constructor(list) {
    this.rows = new Map(STEPS.map((step) => [step, row(step)]));
    list.replaceChildren(...this.rows.values());
  }

  /** [step, ms] as Session.course() has them. */
  show(course) {
    const at = new Map(course);
    const whole = Math.max(1, ...at.values());
    let before = 0;
    for (const [step, item] of this.rows) {
      const ms = at.get(step);
      const bar = item.querySelector('i');
      item.classList.toggle('done', ms !== undefined);
      item.querySelector('.at').textContent = ms === undefined ? '–' : `${Math.round(ms)} ms`;
      bar.style.left = `${(100 * before) / whole}%`;
      bar.style.width = `${(100 * ((ms ?? before) - before)) / whole}%`;
      before = ms ?? before;
    }
  }
}
