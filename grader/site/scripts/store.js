// What this browser keeps of a learner: the history of events, what was written, and where things stand.
// An event is in the store before anybody hears of what came of it.

const PATIENCE = 20_000; // milliseconds; a store that is not there by then is none

/** Another tab has added events meanwhile; nothing was stored. */
export class Moved extends Error {}

/** This browser stores no more; nothing was stored. */
export class Full extends Error {}

/** Open the store of a course; where there is none to be had, what is kept lasts as long as the page. */
export async function openStore(course) {
  // A page that is left just now would be frozen while it makes the store, and the next one would wait for it: one
  // that wants to hear of its end is thrown away.
  const end = () => {};
  addEventListener("unload", end);
  try {
    const opening = indexedDB.open(`rnn-grader ${course}`, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("events", { autoIncrement: true });
      opening.result.createObjectStore("texts");
    };
    const late = new Promise((_, reject) => setTimeout(reject, PATIENCE));
    return new Store(await Promise.race([done(opening), late]));
  } catch {
    return new Memory();
  } finally {
    removeEventListener("unload", end);
  }
}

class Store {
  lasting = true;
  #database;

  constructor(database) {
    this.#database = database;
    database.onversionchange = () => database.close(); // somebody deletes it elsewhere
  }

  /** Return the events after the one of this number, and the number of the last. */
  async after(number) {
    const events = this.#database.transaction("events").objectStore("events");
    const range = IDBKeyRange.lowerBound(number, true);
    const [found, keys] = await Promise.all([done(events.getAll(range)), done(events.getAllKeys(range))]);
    return { events: found, last: keys.at(-1) ?? number };
  }

  /** Append events if the last one is still that of this number; return the number of the last one now. */
  async add(events, number) {
    if (!events.length) return number;
    return this.#write("events", async (stored) => {
      const keys = await done(stored.getAllKeys(IDBKeyRange.lowerBound(number, true), 1));
      if (keys.length) throw new Moved();
      let last = number;
      for (const event of events) last = await done(stored.add(event));
      return last;
    });
  }

  /** Do something to one of the two stores, wholly or not at all; return its result once it is on the disk. */
  async #write(name, act) {
    const transaction = this.#database.transaction(name, "readwrite", { durability: "strict" });
    const finished = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Moved());
    });
    finished.catch(() => {}); // it is awaited below
    try {
      const result = await act(transaction.objectStore(name)).catch((error) => {
        if (error instanceof Moved) transaction.abort();
        throw error;
      });
      await finished;
      return result;
    } catch (error) {
      throw error?.name === "QuotaExceededError" ? new Full() : error;
    }
  }

  async text(name) {
    return done(this.#database.transaction("texts").objectStore("texts").get(name));
  }

  /** Keep a text under a name; where `before` is given, only if that is what is kept there now. */
  async setText(name, value, ...before) {
    await this.#write("texts", async (stored) => {
      if (before.length && (await done(stored.get(name))) !== before[0]) throw new Moved();
      await done(stored.put(value, name));
    });
  }

  /** Return what was kept under names that begin alike. */
  async texts(start) {
    const range = IDBKeyRange.bound(start, `${start}\uffff`);
    const stored = this.#database.transaction("texts").objectStore("texts");
    const [values, keys] = await Promise.all([done(stored.getAll(range)), done(stored.getAllKeys(range))]);
    return Object.fromEntries(keys.map((key, at) => [key.slice(start.length), values[at]]));
  }
}

/** The same for as long as the page is open. */
export class Memory {
  lasting = false;
  #events = [];
  #texts = new Map();

  async after(number) {
    return { events: this.#events.slice(number), last: this.#events.length };
  }

  async add(events, number) {
    if (number !== this.#events.length) throw new Moved();
    return this.#events.push(...events);
  }

  async text(name) {
    return this.#texts.get(name);
  }

  async setText(name, value, ...before) {
    if (before.length && this.#texts.get(name) !== before[0]) throw new Moved();
    this.#texts.set(name, value);
  }

  async texts(start) {
    const own = [...this.#texts].filter(([name]) => name.startsWith(start));
    return Object.fromEntries(own.map(([name, value]) => [name.slice(start.length), value]));
  }
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
