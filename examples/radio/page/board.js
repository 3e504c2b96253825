// A table whose rows stay what they are while their figures change, with columns that sort it.

const still = matchMedia('(prefers-reduced-motion: reduce)');
const MOVE = { duration: 300, easing: 'ease-out' };

/** As Element.animate, unless motion is not wanted. */
export function move(element, frames, options = MOVE) {
  return still.matches ? undefined : element.animate(frames, options);
}

export function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

function cell(tag, role, label) {
  const element = document.createElement(tag);
  element.setAttribute('role', role);
  if (label) element.dataset.label = label;
  return element;
}

/**
 * columns: [{ name, label, text(row), value(row) to sort by, marks: a change is shown }];
 * rows are known by their `number`.
 */
export class Board {
  constructor(table, columns) {
    this.columns = columns;
    this.body = table.tBodies[0];
    this.rows = new Map(); // number → { element, cells, data }
    this.order = { column: columns[0], down: false };
    table.tHead.replaceChildren(this.#head());
    this.#showOrder();
  }

  #head() {
    const line = cell('tr', 'row');
    this.heads = this.columns.map((column) => {
      const head = cell('th', 'columnheader');
      const button = document.createElement('button');
      head.scope = 'col';
      head.className = column.name;
      button.type = 'button';
      button.textContent = column.label;
      button.addEventListener('click', () => this.sort(column));
      head.append(button);
      return head;
    });
    line.append(...this.heads);
    return line;
  }

  sort(column) {
    this.order = { column, down: this.order.column === column && !this.order.down };
    this.#showOrder();
    this.#arrange();
  }

  #showOrder() {
    for (const [i, head] of this.heads.entries()) {
      if (this.columns[i] !== this.order.column) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.order.down ? 'descending' : 'ascending');
    }
  }

  /** Takes the new figures of everybody. */
  show(all) {
    const numbers = new Set(all.map(({ number }) => number));
    for (const number of this.rows.keys()) if (!numbers.has(number)) this.#leave(number);
    for (const data of all) this.#update(this.rows.get(data.number) ?? this.#enter(data), data);
    this.#arrange();
  }

  #enter(data) {
    const element = cell('tr', 'row');
    const cells = this.columns.map(({ name, label }, i) => {
      const one = cell(i === 0 ? 'th' : 'td', i === 0 ? 'rowheader' : 'cell', label);
      if (i === 0) one.scope = 'row';
      one.className = name;
      return one;
    });
    const row = { element, cells, data };
    element.dataset.number = data.number;
    element.append(...cells);
    this.body.append(element);
    this.rows.set(data.number, row);
    move(element, { opacity: [0, 1] });
    return row;
  }

  #update(row, data) {
    row.data = data;
    row.element.dataset.state = data.state;
    for (const [i, column] of this.columns.entries()) {
      const wasKnown = /\w/.test(row.cells[i].textContent);
      const changed = setText(row.cells[i], column.text(data));
      if (changed && wasKnown && column.marks) {
        move(row.cells[i], { backgroundColor: ['var(--mark)', 'transparent'] }, 1500);
      }
    }
  }

  #leave(number) {
    const { element } = this.rows.get(number);
    this.rows.delete(number);
    element.classList.add('leaving');
    const leaving = move(element, { opacity: [1, 0] });
    if (leaving) leaving.addEventListener('finish', () => element.remove());
    else element.remove();
  }

  /** Brings the rows into their order; those that change places glide there. */
  #arrange() {
    const { column, down } = this.order;
    const sign = down ? -1 : 1;
    const sorted = [...this.rows.values()].sort(({ data: a }, { data: b }) => {
      const [left, right] = [column.value(a), column.value(b)];
      if (left !== right && (left === undefined || right === undefined)) {
        return left === undefined ? 1 : -1; // what is not known comes last
      }
      if (left === right) return a.number - b.number;
      return left < right ? -sign : sign;
    });
    const now = [...this.body.children].filter((element) => !element.matches('.leaving'));
    if (sorted.every(({ element }, i) => element === now[i])) return;
    const before = new Map(now.map((element) => [element, element.getBoundingClientRect()]));
    this.body.append(...sorted.map(({ element }) => element));
    for (const { element } of sorted) {
      const old = before.get(element);
      const place = element.getBoundingClientRect();
      const [x, y] = [old.left - place.left, old.top - place.top];
      if (x || y) move(element, { transform: [`translate(${x}px, ${y}px)`, 'none'] });
    }
  }
}
