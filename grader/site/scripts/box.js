// A Python interpreter where it can reach nothing: a worker inside a frame without an origin.
// What comes out of it is untrusted text, since student code may run in it.

const FRAME_POLICY = (hash) =>
  `default-src 'none'; script-src '${hash}' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'none'; ` +
  "form-action 'none'; base-uri 'none'";
const MAX_REPLY = 8_000_000; // characters
const kept = new Map(); // files that were fetched, as bytes, by name

/** Something that the page can say to the learner as it is. */
export class Trouble extends Error {}

/** What a page says of something that went wrong. */
export const sentence = (error) =>
  error instanceof Trouble ? error.message : `Something went wrong: ${error.message ?? error}. Reload the page.`;

/** The interpreter was ended before it answered: it took too long, or somebody did not want to wait. */
export class Hung extends Trouble {
  message = "Python did not answer in time, and was ended. Try once more.";
}

/** The interpreter lacks a library that has to be fetched first. */
export class Needs extends Error {}

/** Fetch a file once, and only if it is the one that the site was made with. */
async function bytesOf({ name, url, integrity }) {
  if (!kept.has(name)) {
    let reply;
    try {
      reply = await fetch(url, { integrity, credentials: "omit" });
    } catch {
      throw new Trouble(await why(name, url));
    }
    if (!reply.ok) throw new Trouble(await why(name, url));
    kept.set(name, await reply.arrayBuffer());
  }
  return kept.get(name).slice(0); // it is handed over, and the next interpreter needs it, too
}

const worded = (said) => (typeof said === "string" ? said : "no word why");
const place = (url) => new URL(url, location.href).host || "this site";

/** Tell a file that was altered from a network that is down: fetch says the same of both. */
async function why(name, url) {
  try {
    const reply = await fetch(url, { credentials: "omit" });
    if (!reply.ok)
      return `${name} is not there (${reply.status} from ${place(url)}); tell whoever runs this site.`;
    return `${name} from ${place(url)} is not the file that this site was made with, so it is not run. Reload the page; if that does not help, tell whoever runs this site.`;
  } catch {
    // there is no network
  }
  return `${name} cannot be fetched from ${place(url)}: see that you are online, then reload the page.`;
}

/** One interpreter; `make` it, `ask` it, `remove` it. */
export class Box {
  ended = false;
  #frame;
  #port;
  #waiting = new Map();
  #count = 0;

  /**
   * Start an interpreter.
   * @param {object} runtime what runtime.json says
   * @param {{archives: [object, string][], packages: string[]}} wanted zips with the folders to unpack them into, and libraries
   */
  static async make(runtime, wanted) {
    const box = new Box();
    const fetched = [...runtime.core, ...wanted.packages.map((name) => runtime.packages[name])];
    const [frame, tail, ...bytes] = await Promise.all([
      text("scripts/frame.js"),
      text("scripts/worker.js"),
      ...[...fetched, ...wanted.archives.map(([file]) => file)].map(bytesOf),
    ]);
    const files = Object.fromEntries(
      [...fetched, ...wanted.archives.map(([file]) => file)].map((file, at) => [file.name, bytes[at]]),
    );
    files["pyodide-lock.json"] = new TextEncoder().encode(runtime.lock).buffer;
    const code = ["pyodide.asm.js", "pyodide.js"].flatMap((name) => [files[name], "\n"]);
    for (const name of ["pyodide.asm.js", "pyodide.js"]) delete files[name];
    const boot = {
      files,
      packages: wanted.packages,
      unpack: wanted.archives.map(([file, folder]) => [file.name, folder]),
    };
    await box.#start(frame, runtime.frame, [...code, tail], boot);
    return box;
  }

  async #start(script, hash, code, boot) {
    const channel = new MessageChannel();
    this.#port = channel.port1;
    this.#frame = document.createElement("iframe");
    const ready = new Promise((resolve, reject) => {
      this.#port.onmessage = ({ data }) => this.#hear(data, resolve, reject);
      addEventListener("message", ({ source, data }) => {
        if (source && source === this.#frame.contentWindow) this.#hear(data, resolve, reject);
      });
    });
    this.#frame.setAttribute("sandbox", "allow-scripts");
    this.#frame.hidden = true;
    this.#frame.title = "Python";
    const page = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY(hash)}"><script>${script}</script>`;
    this.#frame.srcdoc = page;
    const loaded = new Promise((resolve) => (this.#frame.onload = resolve));
    document.body.append(this.#frame);
    await loaded;
    const transfer = [channel.port2, ...Object.values(boot.files)];
    this.#frame.contentWindow.postMessage({ code, port: channel.port2, boot }, "*", transfer);
    await ready;
  }

  #hear(data, resolve, reject) {
    if (data?.ready) return resolve();
    const waiting = this.#waiting.get(data?.id);
    this.#waiting.delete(data?.id);
    const why = worded(data?.broken).slice(0, 500);
    const broke = new Trouble(`Python could not finish this: ${why}. Did the code change NumPy?`);
    if (!waiting) {
      reject(new Trouble(`Python did not start: ${why}`));
      this.remove(broke); // it has stopped, or says what nobody asked for
    } else if (data.broken) waiting.reject(broke);
    else waiting.resolve(data.value);
  }

  /** Ask for something; ends the interpreter, and rejects with Hung, after so many seconds. */
  async #ask(message, seconds, transfer = []) {
    const id = ++this.#count;
    let timer;
    const reply = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      timer = setTimeout(() => this.remove(), 1000 * seconds);
    });
    this.#port.postMessage({ id, ...message }, transfer);
    return reply.finally(() => clearTimeout(timer));
  }

  /**
   * Do one thing of grader/site/browser.py.
   * @returns {Promise<{result: any, events: object[]}>}
   */
  async act(name, values, seconds = 60) {
    const reply = await this.#ask({ does: "act", name, values: JSON.stringify(values) }, seconds);
    if (typeof reply !== "string" || reply.length > MAX_REPLY)
      throw new Trouble("Python answered something else than text.");
    const { result, events, needs, refused, elsewhere } = JSON.parse(reply);
    if (needs) throw new Needs(String(needs));
    if (refused !== undefined) throw new Trouble(String(refused).slice(0, 2000));
    return { result, events: events ?? [], elsewhere };
  }

  /** Give the interpreter more files: libraries to load, and zips with the folders to unpack them into. */
  async add(runtime, packages, archives = []) {
    const files = [...packages.map((name) => runtime.packages[name]), ...archives.map(([file]) => file)];
    if (files.includes(undefined)) throw new Trouble(`a library is not part of this site: ${packages}`);
    const bytes = await Promise.all(files.map(bytesOf));
    const more = Object.fromEntries(files.map((file, at) => [file.name, bytes[at]]));
    const named = archives.map(([file, folder]) => [file.name, folder]);
    await this.#ask({ does: "add", more, packages, archives: named }, 60, Object.values(more));
  }

  /** End the interpreter at once, whatever it does; whoever waits for it is told why. */
  remove(why = new Hung()) {
    this.ended = true;
    this.#frame?.remove();
    this.#port?.close();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}

async function text(url) {
  const reply = await fetch(url).catch(() => null);
  if (!reply?.ok)
    throw new Trouble(`${url} cannot be fetched: see that you are online, then reload the page.`);
  return reply.text();
}
