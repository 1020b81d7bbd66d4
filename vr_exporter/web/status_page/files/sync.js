// Starting a sync: the token is asked for and kept in memory, and each sync is confirmed once more.

import { address } from "./address.js";
import { asText, make, text } from "./draw.js";
import { stateOf } from "./panels.js";
import { length, now } from "./words.js";

const FOLLOW_MILLISECONDS = 1000;

export class Syncs {
  #token = null;
  #section = document.getElementById("asked");
  #list = make("ul", { class: "asked" });
  #said = document.getElementById("said");

  constructor() {
    const forget = make("button", { type: "button", class: "button" }, "Forget the token");
    forget.addEventListener("click", () => {
      this.#token = null;
      this.#say("The token is forgotten");
    });
    this.#section.append(this.#list, make("div", { class: "more" }, forget));
  }

  /** Ask a person, then the exporter, for a sync of a row; a wish has one key for ever. */
  async ask(row) {
    if (this.#token === null && !(await this.#askForToken())) return;
    if (await confirmed(row)) this.#wish(row, this.#begin(row), newKey());
  }

  async #askForToken(problem = "") {
    const field = make("input", { type: "password", id: "token", autocomplete: "off" });
    const given = await dialog({
      title: "Bearer token",
      words: "What acts asks for the token of the setting api. It stays in the memory of this page.",
      problem,
      content: [make("label", { for: "token" }, "Token"), field],
      go: "Continue",
      check: () => (field.value.trim() ? "" : "Nothing was typed."),
    });
    if (given) this.#token = bytesOf(field.value.trim());
    return given;
  }

  #begin(row) {
    const item = make("li");
    this.#section.hidden = false;
    this.#list.prepend(item);
    this.#show(item, row, [make("span", { class: "soft" }, "asking …")]);
    return item;
  }

  async #wish(row, item, key) {
    const path = ["sites", row.site, "replications", row.replication].map(encodeURIComponent);
    try {
      const answer = await fetch(address(`/api/v1/${path.join("/")}/sync`), {
        method: "POST",
        body: "{}",
        headers: {
          Authorization: `Bearer ${this.#token}`,
          "Content-Type": "application/json",
          "Idempotency-Key": key,
        },
      });
      await this.#take(row, item, key, answer);
    } catch {
      this.#offerAgain(row, item, key, "no answer came: asking again cannot start a second one");
    }
  }

  async #take(row, item, key, answer) {
    const said = await answer.json();
    if (answer.status === 401) {
      this.#token = null;
      this.#tell(item, row, [], said.detail);
      if (await this.#askForToken(said.detail)) await this.#wish(row, item, key);
      return;
    }
    if (answer.status === 503) this.#offerAgain(row, item, key, said.detail);
    else if (!answer.ok && said.state !== "skipped") this.#tell(item, row, [], said.detail);
    else await this.#follow(row, item, said);
  }

  async #follow(row, item, first) {
    let trigger = first;
    for (;;) {
      this.#tell(item, row, [stateOf(trigger)], sentenceOf(trigger), trigger.word);
      if (trigger.is_final || !trigger.url) return;
      await new Promise((go) => setTimeout(go, FOLLOW_MILLISECONDS));
      trigger = await look(trigger);
      if (trigger === null) {
        this.#tell(item, row, [], "vr-exporter remembers no such sync: how it ended is not known");
        return;
      }
    }
  }

  #offerAgain(row, item, key, why) {
    const again = make("button", { type: "button", class: "button" }, "Ask again");
    again.addEventListener("click", async () => {
      if (this.#token === null && !(await this.#askForToken())) return;
      this.#show(item, row, [make("span", { class: "soft" }, "asking …")]);
      this.#wish(row, item, key);
    });
    this.#tell(item, row, [again], why);
  }

  #tell(item, row, parts, sentence, word = "") {
    this.#show(item, row, [...parts, ...text(sentence)]);
    this.#say([row.vm, word, sentence].filter(Boolean).join(": "));
  }

  #show(item, row, parts) {
    item.replaceChildren(make("strong", {}, row.vm), ...parts);
  }

  #say(words) {
    this.#said.replaceChildren(asText(words));
  }
}

/** The trigger as it stands now, as it stood while nobody answers, null once it is forgotten. */
async function look(trigger) {
  try {
    const answer = await fetch(address(trigger.url), { cache: "no-store" });
    if (answer.status === 404) return null;
    return answer.ok ? await answer.json() : trigger;
  } catch {
    return trigger;
  }
}

/** A guard's no has the reason before its sentence: "skipped: cooldown". */
function sentenceOf(trigger) {
  return [trigger.reason, trigger.sentence].filter(Boolean).join(": ");
}

function confirmed(row) {
  const last = row.last_sync_timestamp_seconds;
  const age = last === null ? "It was never synced." : `Its copy is ${length(now() - last)} old.`;
  return dialog({
    title: `Sync ${row.vm} now?`,
    words: `The site ${row.site} is asked to start a sync at once. ${age}`,
    go: "Start the sync",
  });
}

/** A header carries bytes: those of UTF-8, each as one character. */
function bytesOf(token) {
  return String.fromCharCode(...new TextEncoder().encode(token));
}

/** Not every page has crypto.randomUUID: over plain HTTP browsers keep it back. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Ask in a dialog; true when a person went on. Escape and Cancel are a no. */
function dialog({ title, words, go, content = [], problem = "", check = () => "" }) {
  const wrong = make("p", { class: "problem", role: "alert" }, problem);
  const cancel = make("button", { type: "button", class: "button" }, "Cancel");
  const submit = make("button", { type: "submit", class: "button main" }, go);
  const form = make(
    "form",
    {},
    make("h2", { id: "of-dialog" }, title),
    make("p", { id: "about-dialog" }, words),
    wrong,
    ...content,
    make("div", { class: "more" }, cancel, submit),
  );
  wrong.hidden = !problem;
  const box = make("dialog", { "aria-labelledby": "of-dialog", "aria-describedby": "about-dialog" });
  box.append(form);
  return new Promise((answer) => {
    cancel.addEventListener("click", () => box.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      wrong.textContent = check();
      wrong.hidden = !wrong.textContent;
      if (wrong.hidden) box.close("go");
    });
    box.addEventListener("close", () => {
      box.remove();
      answer(box.returnValue === "go");
    });
    document.body.append(box);
    box.showModal();
  });
}
