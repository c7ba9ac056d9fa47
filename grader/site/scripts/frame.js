// The only script of the sandboxed frame: starts the worker that the page hands it, and ends it.
// The frame has no origin, so neither it nor its worker reaches the page's storage, files or channels.
// Student code never runs here, in the frame's window, where no policy would stop a look-up of names.

let worker = null;

addEventListener("message", (event) => {
  if (event.source !== parent || worker) return;
  const { code, port, boot } = event.data;
  const address = URL.createObjectURL(new Blob(code, { type: "text/javascript" }));
  worker = new Worker(address); // a worker made of a blob inherits this frame's policy
  worker.onerror = (error) => parent.postMessage({ broken: `the worker stopped: ${error.message}` }, "*");
  URL.revokeObjectURL(address);
  worker.postMessage({ port, boot }, [port, ...Object.values(boot.files)]);
});
