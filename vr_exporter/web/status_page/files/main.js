// The status page, alive: what the server drew is taken over once the first answers are here.

import { asText, tick } from "./draw.js";
import { Feed } from "./feed.js";
import { Panels, showHeadline } from "./panels.js";
import { Replications, unpacked } from "./replications.js";
import { Syncs } from "./sync.js";

const TICK_MILLISECONDS = 1000;
const live = document.getElementById("live");
const said = document.getElementById("said");
const title = document.title.replace(/^\(.*?\) /, "");

let page = null;
let status = null;
let rows = [];

function begin() {
  const syncs = new Syncs();
  return { panels: new Panels(), list: new Replications({ ask: (row) => syncs.ask(row) }) };
}

function take(newStatus, newRows) {
  if (status && newStatus && newStatus.version !== status.version) location.reload();
  page ??= begin();
  if (newRows) takeRows(unpacked(newRows));
  if (newStatus) takeStatus(newStatus);
  if (newRows || newStatus) showHeadline(status, rows.filter((row) => row.syncing).length);
}

function takeRows(fresh) {
  rows = fresh;
  page.list.take(rows);
  page.panels.showRunning(rows);
}

function takeStatus(fresh) {
  announce(status, fresh);
  status = fresh;
  page.panels.show(status);
  page.list.setActing(status.can_sync);
  const breached = status.verdicts.breached;
  document.title = breached ? `(${breached} in breach) ${title}` : title;
}

/** Those who do not see the page hear its headline when it changes, and only then. */
function announce(before, after) {
  const sentence = after.facts[0].sentence;
  if (before && before.facts[0].sentence !== sentence) said.replaceChildren(asText(sentence));
}

function tell(isThere) {
  live.className = isThere ? "is-live" : "is-lost";
  const words = isThere ? "live" : "no answer: what stands here is old";
  if (live.textContent === words) return;
  live.textContent = words;
  if (!isThere) said.textContent = "vr-exporter does not answer";
}

setInterval(tick, TICK_MILLISECONDS);
new Feed({ take, tell }).look();
