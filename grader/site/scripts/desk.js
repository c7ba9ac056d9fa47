// Brings an interpreter and the store together: whatever is done happens to the history that is stored.

import { Box, Needs, Trouble } from "./box.js";
import { Full, Moved, openStore } from "./store.js";

export const FULL =
  "This browser stores no more, so this was not accepted. Save your progress to a file on the start page, then make room.";
export const MOVED = "This was answered in another tab meanwhile; here is how it stands now.";
export const SCHEMA = "rnn-grader/progress/1";

/** A learner's place at a course. */
export class Desk {
  #box = null;
  #seen = 0; // number of the last event that the interpreter knows
  #queue = Promise.resolve();

  /**
   * Read what the site is made of, and open the store.
   * @param {{exercises?: string[], packages?: string[]}} wanted what every interpreter holds besides quizzes
   */
  static async open({ exercises = [], packages = ["sqlite3"] } = {}) {
    const desk = new Desk();
    desk.wanted = { exercises, packages };
    const reply = await fetch("runtime.json", { cache: "no-cache" }).catch(() => null);
    if (!reply?.ok)
      throw new Trouble("runtime.json cannot be fetched: see that you are online, then reload the page.");
    desk.runtime = await reply.json();
    desk.store = await openStore(desk.runtime.course);
    navigator.storage?.persist?.(); // else a browser may clear it when the disk is short
    return desk;
  }

  /** The number of the last event that the interpreter knows. */
  get seen() {
    return this.#seen;
  }

  /** Return all that happened as the file to carry elsewhere. */
  async backup() {
    const { events } = await this.store.after(0);
    return document_(this.runtime.course, events);
  }

  /** Start the interpreter, so that the first thing to do need not wait for it. */
  async warmUp() {
    await this.#ready();
  }

  /**
   * Do one thing of grader/site/browser.py, after all that was asked for before.
   * @returns {Promise<any>} its result, once the events that came of it are stored
   */
  async do(name, values = {}, seconds = 60) {
    const turn = this.#queue.then(() => this.#do(name, values, seconds));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #do(name, values, seconds) {
    const box = await this.#ready();
    const reply = await box.act(name, values, seconds).catch(async (error) => {
      if (!(error instanceof Needs)) throw error;
      await box.add(this.runtime, [error.message]);
      return box.act(name, values, seconds);
    });
    if (reply.elsewhere) throw new Moved();
    try {
      const events = name === "check" ? reply.events.filter(canBe).slice(0, 1) : reply.events;
      this.#seen = await this.store.add(events, this.#seen);
    } catch (error) {
      this.restart(); // the interpreter knows of something that has not happened
      throw error instanceof Full ? new Trouble(FULL) : error;
    }
    return reply.result;
  }

  /** Keep where everything stands for the start page, which starts no Python. */
  async remember() {
    const overview = await this.do("overview").catch(() => null);
    if (overview) await this.store.setText("overview", JSON.stringify(overview)).catch(() => {});
    return overview;
  }

  /** Return the interpreter, which knows all that is stored, also by other tabs. */
  async #ready() {
    const { runtime } = this;
    if (this.#box?.ended) this.restart();
    this.#box ??= await Box.make(runtime, {
      archives: [
        [runtime.program, "/program"],
        [runtime.files, "/course"],
        ...(this.wanted.exercises.length ? [[runtime.checks, "/program"]] : []),
        ...this.wanted.exercises.map((name) => [runtime[name], "/course"]),
      ],
      packages: this.wanted.packages,
    });
    const { events, last } = await this.store.after(this.#seen);
    if (events.length) {
      const all = this.#seen ? await this.store.after(0) : { events };
      await this.#box.act("learn", { document: document_(runtime.course, all.events) });
    }
    this.#seen = last;
    return this.#box;
  }

  /** Let go of the interpreter; the next thing to do gets a fresh one. */
  restart() {
    this.#box?.remove();
    this.#box = null;
    this.#seen = 0;
  }
}

/** Whether something can be the event of a check: code of a learner's may have had a hand in it. */
const canBe = (event) =>
  event?.event === "checked" &&
  Object.values(event).every((value) => typeof value === "string" || Number.isSafeInteger(value)) &&
  JSON.stringify(event).length < 50_000;

const document_ = (course, events) => JSON.stringify({ schema: SCHEMA, course, events });
