// The end of the sandboxed worker's one script; Pyodide's own two stand before it.
// It gets every file from the page and fetches nothing. It is told what to do through one port.

(() => {
  const files = new Map();
  const TYPES = { wasm: "application/wasm", json: "application/json" };
  let python, act;

  /** Stands in for fetch: answers from memory. */
  self.fetch = async (request) => {
    const name = String(request.url ?? request)
      .split("/")
      .pop();
    if (!files.has(name)) return new Response("", { status: 404 });
    const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
    return new Response(files.get(name), { headers: { "content-type": type } });
  };

  function keep(more) {
    for (const [name, bytes] of Object.entries(more)) files.set(name, bytes);
  }

  async function start(boot) {
    keep(boot.files);
    python = await loadPyodide({ indexURL: "https://memory.invalid/", packages: boot.packages });
    python.runPython("import sys; sys.path.insert(0, '/program')");
    unpack(boot.unpack);
    act = python.pyimport("grader.site.browser").Desk("/course").act;
  }

  function unpack(archives) {
    for (const [name, folder] of archives) {
      python.unpackArchive(files.get(name), "zip", { extractDir: folder });
      files.delete(name);
    }
  }

  const does = {
    act: ({ name, values }) => act(name, values),
    add: async ({ more, packages, archives }) => {
      keep(more);
      await python.loadPackage(packages, { messageCallback: () => {} });
      unpack(archives);
    },
  };

  self.onmessage = async ({ data: { port, boot } }) => {
    self.onmessage = null;
    try {
      await start(boot);
    } catch (error) {
      return port.postMessage({ broken: String(error.stack ?? error).slice(-2000) });
    }
    port.onmessage = async ({ data }) => {
      try {
        port.postMessage({ id: data.id, value: await does[data.does](data) });
      } catch (error) {
        port.postMessage({ id: data.id, broken: String(error).trim().split("\n").at(-1) });
      }
    };
    port.postMessage({ ready: true });
  };
})();
