// Looks at the exporter again and again, and costs next to nothing while nothing changes.

import { address } from "./address.js";
import { setClock } from "./words.js";

const SECONDS = 5;
const HIDDEN_SECONDS = 60;
const MOST_SECONDS = 60;

/** One JSON document; what did not change is not sent again. */
class Source {
  #etag = null;

  constructor(path) {
    this.path = path;
  }

  /** What is new, null if nothing is. */
  async look() {
    const headers = this.#etag ? { "If-None-Match": this.#etag } : {};
    const signal = AbortSignal.timeout(20_000);
    const answer = await fetch(address(this.path), { headers, cache: "no-store", signal });
    setClock(answer.headers.get("Date"));
    if (answer.status === 304) return null;
    if (!answer.ok) throw new Error(`${this.path} answers ${answer.status}`);
    return { said: await answer.json(), etag: answer.headers.get("ETag") };
  }

  /** What was said has reached the page: from now on only what differs is new. */
  keep(answer) {
    if (answer) this.#etag = answer.etag;
  }
}

export class Feed {
  #status = new Source("/api/v1/status");
  #rows = new Source("/api/v1/status/replications");
  #failures = 0;
  #timer = 0;
  #isLooking = false;

  /** `take` is given what is new of both; `tell` whether the exporter answers. */
  constructor({ take, tell }) {
    this.take = take;
    this.tell = tell;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.look();
    });
  }

  /** Look now, then again after a while: longer when nobody watches, or nobody answers. */
  async look() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    clearTimeout(this.#timer);
    try {
      const [status, rows] = await Promise.all([this.#status.look(), this.#rows.look()]);
      this.#failures = 0;
      this.take(status?.said, rows?.said);
      this.#status.keep(status);
      this.#rows.keep(rows);
      this.tell(true);
    } catch (error) {
      this.#failures += 1;
      this.tell(false);
      if (!(error instanceof TypeError || error instanceof DOMException)) console.warn(error);
    } finally {
      this.#isLooking = false;
      this.#timer = setTimeout(() => this.look(), 1000 * this.#pause());
    }
  }

  #pause() {
    if (document.hidden) return HIDDEN_SECONDS;
    return Math.min(SECONDS * 2 ** this.#failures, MOST_SECONDS);
  }
}
