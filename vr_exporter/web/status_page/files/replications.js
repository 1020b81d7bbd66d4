// The list of replications: searched, filtered and sorted here; only what is looked at is drawn.

import { badge, bar, make, text, when } from "./draw.js";
import { Table } from "./table.js";
import { count, length, UNKNOWN } from "./words.js";

const FIRST = 15;
const STEP = 100;
const names = new Intl.Collator("en", { numeric: true });
const byText = (of) => (one, other) => names.compare(of(one), of(other));
const byNumber = (of) => (one, other) => (of(one) ?? Infinity) - (of(other) ?? Infinity);

const LATE = ["late", "breached"];

const FILTERS = [
  ["all", () => true],
  ["breached", (row) => row.verdict === "breached"],
  ["late", (row) => row.verdict === "late"],
  ["unknown", (row) => row.verdict === "unknown"],
  ["excused", (row) => row.verdict === "excused"],
  ["met", (row) => row.verdict === "met"],
  ["syncing", (row) => row.syncing],
  ["with errors", (row) => row.error !== ""],
];

const COLUMNS = [
  { title: "VM", value: (row) => row.vm, order: byText((row) => row.vm) },
  {
    title: "Against its RPO",
    value: (row) => [row.verdict, row.rpo_violation_seconds, row.stale, row.rpo_seconds],
    draw: ([verdict, past, stale, rpo]) => [
      badge(verdict, verdict),
      ...(past && LATE.includes(verdict)
        ? [" ", make("span", { class: "short" }, `by ${length(past)}`)]
        : []),
      ...(stale ? [" ", badge("stale", "stale")] : []),
      ...text(rpo === null ? "" : `RPO ${length(rpo)}`),
    ],
    order: byNumber((row) => row.rank),
    isWorstFirst: true,
  },
  {
    title: "Last sync",
    value: (row) => row.last_sync_timestamp_seconds,
    draw: when,
    order: byNumber((row) => row.last_sync_timestamp_seconds),
    className: "short",
  },
  {
    title: "Status",
    value: (row) => [row.status, row.error, row.syncing, row.ratio],
    draw: ([status, error, syncing, ratio], row) => [
      breakable(status ?? UNKNOWN),
      ...(syncing ? [bar(ratio, `sync of ${row.vm}`)] : []),
      ...text(error),
    ],
    order: byText((row) => row.status ?? ""),
  },
  {
    title: "Site / pairing",
    value: (row) => [row.site, row.pairing],
    draw: ([site, pairing]) => [site, ...text(pairing)],
    order: byText((row) => `${row.site} ${row.pairing}`),
    className: "place",
  },
];

/** A state such as SYNC_RPO_VIOLATION, which may go on in the next line after each underscore. */
function breakable(word) {
  return make("span", {}, ...word.split(/(?<=_)/).flatMap((part) => [part, make("wbr")]));
}

/** Rows as the server packs them, made into objects that can be searched. */
export function unpacked({ columns, rows }) {
  return rows.map((values, rank) => {
    const row = { rank };
    columns.forEach((name, place) => {
      row[name] = values[place];
    });
    row.key = row.replication;
    row.text = [row.vm, row.replication, row.site, row.pairing, row.status, row.error]
      .join("\n")
      .toLowerCase();
    return row;
  });
}

export class Replications {
  #rows = [];
  #filter = "all";
  #order = COLUMNS[1];
  #isReversed = false;
  #most = FIRST;
  #chips = new Map();

  /** `ask` is called with a row whose sync is wished for; `can` tells whether that is open. */
  constructor({ ask }) {
    const section = document.getElementById("replications");
    this.shown = section.querySelector("h2 small");
    while (section.lastChild.nodeName !== "H2") section.lastChild.remove();
    this.search = make("input", {
      type: "search",
      id: "search",
      placeholder: "Search: VM, site, status, error",
      "aria-label": "Search replications by VM, site, pairing, status or error",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.more = make("button", { type: "button", class: "button" }, `Show ${STEP} more`);
    this.foot = make("div", { class: "more" }, this.more);
    this.counted = make("span", { class: "soft", role: "status" });
    this.table = new Table([...COLUMNS, this.#actions(ask)], {
      empty: "No replication is like that.",
      head: this.#heads(),
      className: "sortable",
    });
    section.append(
      make("div", { class: "controls" }, this.search, this.counted, this.#group()),
      this.table.element,
      this.foot,
    );
    this.#listen();
  }

  /** Take over all replications, as `unpacked` makes them. */
  take(rows) {
    this.#rows = rows;
    for (const [name, holds] of FILTERS) {
      const number = name === "all" ? rows.length : rows.filter(holds).length;
      this.#chips.get(name).lastChild.textContent = ` ${count(number)}`;
    }
    this.show();
  }

  /** Open or close the buttons that act. */
  setActing(can) {
    if (can === !this.actionHead.hidden) return;
    this.actionHead.hidden = !can;
    this.table.table.classList.toggle("can-sync", can);
    this.canSync = can;
    this.show();
  }

  show() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const holds = FILTERS.find(([name]) => name === this.#filter)[1];
    const found = this.#rows.filter(
      (row) => holds(row) && words.every((word) => row.text.includes(word)),
    );
    if (!this.#order.isWorstFirst) found.sort(this.#order.order);
    if (this.#isReversed) found.reverse();
    const visible = found.slice(0, this.#most);
    this.table.show(visible);
    this.foot.hidden = visible.length === found.length;
    this.shown.textContent = count(this.#rows.length);
    const part = visible.length < found.length ? `${visible.length} of ` : "";
    this.#say(`${part}${count(found.length)} shown`);
  }

  #say(words) {
    if (this.counted.textContent !== words) this.counted.textContent = words;
  }

  #group() {
    const group = make("div", { class: "chips", role: "group", "aria-label": "Filter" });
    for (const [name] of FILTERS) {
      const chip = make("button", { type: "button", "aria-pressed": name === "all" }, name, "");
      chip.append(make("span"));
      chip.addEventListener("click", () => this.#choose(name));
      this.#chips.set(name, chip);
      group.append(chip);
    }
    return group;
  }

  #choose(name) {
    this.#filter = name;
    for (const [each, chip] of this.#chips) chip.setAttribute("aria-pressed", each === name);
    this.#most = FIRST;
    this.show();
  }

  #heads() {
    this.actionHead = make("th", { scope: "col", hidden: "" }, "Action");
    const heads = COLUMNS.map((column) => {
      const button = make("button", { type: "button" }, column.title);
      button.addEventListener("click", () => this.#sort(column));
      return make("th", { scope: "col" }, button);
    });
    heads[COLUMNS.indexOf(this.#order)].setAttribute("aria-sort", "descending");
    return [...heads, this.actionHead];
  }

  #sort(column) {
    this.#isReversed = this.#order === column && !this.#isReversed;
    this.#order = column;
    this.#most = FIRST;
    this.show();
    COLUMNS.forEach((each, place) => {
      const head = this.table.heads[place];
      if (each !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.#direction(column));
    });
  }

  /** The worst first is the largest first; all others begin with the smallest. */
  #direction(column) {
    return Boolean(column.isWorstFirst) === this.#isReversed ? "ascending" : "descending";
  }

  #actions(ask) {
    return {
      title: "",
      value: (row) => (this.canSync ? row.vm : null),
      draw: (vm, row) => {
        if (vm === null) return [];
        const names = { type: "button", class: "button", "aria-label": `Sync ${vm}` };
        const button = make("button", names, "Sync");
        button.addEventListener("click", () => ask(row));
        return button;
      },
    };
  }

  #listen() {
    this.search.addEventListener("input", () => {
      this.#most = FIRST;
      this.show();
    });
    this.more.addEventListener("click", () => {
      const first = this.#most;
      this.#most += STEP;
      this.show();
      this.table.table.tBodies[0].rows[first]?.querySelector("button")?.focus();
    });
  }
}
