// The sections beside the list of replications, drawn from /api/v1/status; tables.py draws the same.

import { badge, bar, make, moveBar, shares, text, when } from "./draw.js";
import { Table } from "./table.js";
import { count, length, moment, size, UNKNOWN } from "./words.js";

const SIGNS = { down: "✕", breached: "✕", late: "!", waiting: "…", met: "✓" };
const TASK_LOOKS = { SUCCESS: "met", ERROR: "failed", RUNNING: "running", CANCELLED: "late" };
const LOOKS = {
  posting: "running",
  running: "running",
  joined: "running",
  succeeded: "met",
  failed: "failed",
  refused: "failed",
  ambiguous: "late",
  unresolved: "failed",
  lost: "failed",
  skipped: "late",
  expired: "late",
};
const FEW = 8;

/** The badge of a trigger in the words of its life. */
export function stateOf(trigger) {
  return badge(LOOKS[trigger.state] ?? "unknown", trigger.word);
}

const time = (title, value) => ({ title, value, draw: when, className: "short" });
const twoLines = ([name, small]) => [name || UNKNOWN, ...text(small)];

const SITES = [
  {
    title: "Site / pairing",
    value: (row) => [row.name, row.about, row.isPairing],
    draw: ([name, about, isPairing]) =>
      isPairing ? make("span", { class: "nested" }, `↔\u00a0${name}`) : [name, ...text(about)],
  },
  {
    title: "State",
    value: (row) => [row.tried, row.up, row.stale, row.error],
    draw: ([tried, up, stale, error]) => {
      if (!tried) return badge("unknown", "waiting");
      const main = up ? badge("up", "up") : badge("down", "down");
      return [main, ...(stale ? [" ", badge("stale", "stale")] : []), ...text(error)];
    },
  },
  {
    title: "Replications",
    value: (row) => row.verdicts,
    draw: (verdicts) => [
      count(Object.values(verdicts).reduce((sum, each) => sum + each, 0)),
      " ",
      shares(verdicts, "verdicts"),
    ],
  },
  time("Last read", (row) => row.last_success_timestamp_seconds),
];

const RUNNING = [
  { title: "VM", value: (row) => [row.vm, row.site], draw: twoLines },
  {
    title: "Progress",
    value: (row) => [row.ratio, moved(row)],
    draw: ([ratio, words], row) => [bar(ratio, `sync of ${row.vm}`), ...text(words)],
    change: (cell, [ratio, words]) => moveBar(cell, ratio) && reword(cell, words),
  },
  time("Last moved", (row) => row.progress_changed_timestamp_seconds),
];

const TRIGGERS = [
  { title: "VM", value: (row) => [row.vm || row.replication, row.site], draw: twoLines },
  {
    title: "State",
    value: (row) => [row.state, row.sentence],
    draw: (_, row) => [stateOf(row), ...text(row.sentence)],
  },
  time("Asked", (row) => row.asked_timestamp_seconds),
  { title: "By", value: (row) => row.origin },
];

const SCHEDULES = [
  {
    title: "Schedule",
    value: (row) => [row.schedule, `${row.cron} ${row.timezone}`],
    draw: twoLines,
  },
  {
    title: "Next",
    value: (row) => row.next_timestamp_seconds,
    draw: (at) => (at === null ? "never" : [when(at), ...text(moment(at))]),
  },
  {
    title: "Which VMs",
    value: (row) => [row.patterns.join(", "), row.site, row.pairing].filter(Boolean).join(" at "),
  },
];

const REFUSALS = [
  { title: "VM", value: (row) => row.vm || row.site || UNKNOWN },
  { title: "Why", value: (row) => [row.what, row.why], draw: twoLines },
  time("When", (row) => row.timestamp_seconds),
];

const FAILURES = [
  { title: "What", value: (row) => [row.subject, `${row.kind} · ${row.site}`], draw: twoLines },
  { title: "Said", value: (row) => row.message, draw: text },
  {
    title: "When",
    value: (row) => row.timestamp_seconds,
    draw: (at) => (at === null ? "lasts" : when(at)),
    className: "short",
  },
];

const TASKS = [
  {
    title: "What",
    value: (row) => [row.entity_name || row.entity, `${row.operation} · ${row.site}`],
    draw: twoLines,
  },
  {
    title: "State",
    value: (row) => row.state,
    draw: (state) => badge(TASK_LOOKS[state] ?? "unknown", state.toLowerCase()),
  },
  { title: "Took", value: (row) => length(row.duration_seconds), className: "short" },
  time("Ended", (row) => row.completed_timestamp_seconds),
];

function moved(row) {
  if (row.transferred_bytes === null) return "";
  return `${size(row.transferred_bytes)} of ${size(row.transfer_size_bytes)}`;
}

function reword(cell, words) {
  const small = cell.querySelector(".text");
  if (!small || !words) return false;
  small.textContent = words;
  return true;
}

/** A section whose table is ours from now on; of many rows a few are shown until asked. */
class Panel {
  #rows = [];
  #total = 0;

  constructor(name, columns, empty, few = Infinity) {
    const section = document.getElementById(name);
    this.few = few;
    this.shown = section.querySelector("h2 small");
    this.table = new Table(columns, { empty });
    this.all = make("button", { type: "button", class: "button" });
    this.foot = make("div", { class: "more" }, this.all);
    this.all.addEventListener("click", () => {
      this.few = this.few === few ? Infinity : few;
      this.#draw();
    });
    while (section.lastChild.nodeName !== "H2") section.lastChild.remove();
    section.append(this.table.element, this.foot);
    this.foot.hidden = true;
  }

  show(rows, total = rows.length) {
    this.#rows = rows;
    this.#total = total;
    this.foot.hidden = this.foot.hidden && rows.length <= this.few;
    this.#draw();
  }

  #draw() {
    const visible = this.#rows.slice(0, this.few);
    const total = count(this.#total);
    const part = visible.length < this.#total ? `${visible.length} of ${total}` : total;
    this.shown.textContent = this.#total ? part : "";
    this.all.textContent = this.few === Infinity ? "Show fewer" : `Show all ${this.#rows.length}`;
    this.table.show(visible);
  }
}

/** All sections, made when the first answer is here. */
export class Panels {
  #sites = new Panel("sites", SITES, "No site is configured.");
  #running = new Panel("running", RUNNING, "None at this moment.", FEW);
  #triggers = new Panel("triggers", TRIGGERS, "None at this moment.", FEW);
  #schedules = new Panel("schedules", SCHEDULES, "None is set.");
  #refusals = new Panel("refusals", REFUSALS, "None that is remembered.", FEW);
  #failures = new Panel("failures", FAILURES, "None.", FEW);
  #tasks = new Panel("tasks", TASKS, "None known.", FEW);

  show(status) {
    this.#sites.show(status.sites.flatMap(siteRows), 0);
    this.#triggers.show(keyed(status.triggers, (each) => each.key), status.triggers_total);
    this.#schedules.show(keyed(status.schedules, (each) => each.schedule));
    this.#refusals.show(numbered(status.refusals));
    this.#failures.show(numbered(status.failures), status.failures_total);
    this.#tasks.show(
      keyed(status.tasks, (each) => `${each.site} ${each.task} ${each.queued_timestamp_seconds}`),
      status.tasks_total,
    );
  }

  showRunning(rows) {
    const running = rows.filter((row) => row.syncing);
    running.sort((one, other) => (other.ratio ?? -1) - (one.ratio ?? -1));
    this.#running.show(running);
  }
}

function siteRows(site) {
  const own = { ...site, key: site.site, name: site.site, about: site.appliance };
  const pairings = site.pairings.map((pairing, place) => ({
    ...pairing,
    key: `${site.site} ${place}`,
    name: pairing.pairing,
    isPairing: true,
    tried: true,
  }));
  return [own, ...pairings];
}

/** Rows by what names them; a name that stands twice is told apart by its place. */
function keyed(rows, keyOf) {
  const seen = new Set();
  return rows.map((row, place) => {
    const key = seen.has(keyOf(row)) ? `${keyOf(row)} ${place}` : keyOf(row);
    seen.add(key);
    return { ...row, key };
  });
}

function numbered(rows) {
  return rows.map((row, key) => ({ ...row, key }));
}

/** The headline with its numbers; `syncing` comes from the list of replications. */
export function showHeadline(status, syncing) {
  const [worst, ...others] = status.facts;
  const section = document.getElementById("headline");
  section.className = `headline ${worst.level}`;
  const up = status.sites.filter((site) => site.up).length;
  const tiles = [
    ["sites up", `${up} / ${status.sites.length}`, up < status.sites.length ? "is-down" : ""],
    ["replications", count(status.replications), ""],
    ...Object.entries(status.verdicts).map(([verdict, number]) => [
      verdict,
      count(number),
      number ? `is-${verdict}` : "",
    ]),
    ["syncing", count(syncing), ""],
    ["failures", count(status.failures_total), status.failures_total ? "is-late" : ""],
  ];
  section.replaceChildren(
    make(
      "div",
      { class: "verdict" },
      make("span", { class: `sign ${worst.level}`, "aria-hidden": "true" }, SIGNS[worst.level]),
      make("p", { id: "of-headline" }, worst.sentence),
    ),
    ...(others.length
      ? [make("ul", { class: "also" }, ...others.map((fact) => make("li", {}, fact.sentence)))]
      : []),
    make(
      "dl",
      { class: "tiles" },
      ...tiles.map(([name, number, look]) =>
        make("div", {}, make("dt", {}, name), make("dd", { class: look }, number)),
      ),
    ),
    shares(status.verdicts, "replications by verdict"),
  );
}
