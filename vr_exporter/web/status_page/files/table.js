// A table that is kept up to date in place: rows have keys, and a cell is drawn only when it changed.

import { asText, make } from "./draw.js";

/**
 * Columns have a `title`, a `value` of a row, and `draw`, which makes a cell's children from value
 * and row. `change` may move what stands in a cell already; it answers false where it cannot.
 */
export class Table {
  #columns;
  #rows = new Map();
  #body = make("tbody");

  constructor(columns, { empty, head, className }) {
    this.#columns = columns;
    this.heads = head ?? columns.map(({ title }) => make("th", { scope: "col" }, title));
    this.table = make(
      "table",
      { class: className },
      make("thead", {}, make("tr", {}, ...this.heads)),
      this.#body,
    );
    this.empty = make("p", { class: "empty" }, empty);
    this.element = make("div", {}, this.empty, this.table);
  }

  /** Show these rows in this order; what a person has focused stays focused. */
  show(rows) {
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    const kept = new Map();
    const elements = rows.map((row) => {
      const known = this.#rows.get(row.key) ?? this.#begin();
      kept.set(row.key, known);
      this.#fill(known, row);
      return known.element;
    });
    this.#rows = kept;
    this.#place(elements);
    if (focused?.isConnected && document.activeElement !== focused) focused.focus();
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
  }

  #begin() {
    const cells = this.#columns.map(({ title, className }, place) =>
      place
        ? make("td", { "data-label": title, class: className })
        : make("th", { scope: "row", "data-label": title }),
    );
    return { element: make("tr", {}, ...cells), cells, said: [] };
  }

  #fill({ cells, said }, row) {
    this.#columns.forEach(({ value, draw, change }, place) => {
      const wanted = value(row);
      const words = JSON.stringify(wanted);
      if (said[place] === words) return;
      const cell = cells[place];
      if (!(said[place] && change?.(cell, wanted))) {
        cell.replaceChildren(...[draw ? draw(wanted, row) : wanted].flat().map(asText));
      }
      said[place] = words;
    });
  }

  #place(elements) {
    let next = this.#body.firstChild;
    for (const element of elements) {
      if (element === next) next = next.nextSibling;
      else this.#body.insertBefore(element, next);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }
}
