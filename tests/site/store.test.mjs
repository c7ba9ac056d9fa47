// The store that lasts as long as the page; run by test_scripts.py.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const source = await readFile(process.env.SCRIPTS + "/store.js", "utf8");
const { Memory, Moved } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

test("what was added is there, after any number", async () => {
  const store = new Memory();
  assert.equal(await store.add([{ event: "a" }, { event: "b" }], 0), 2);
  assert.deepEqual(await store.after(1), { events: [{ event: "b" }], last: 2 });
});

test("nothing is added after what somebody else has added", async () => {
  const store = new Memory();
  await store.add([{ event: "a" }], 0);
  await assert.rejects(store.add([{ event: "b" }], 0), Moved);
  assert.equal((await store.after(0)).events.length, 1);
});

test("texts are found by how their names begin", async () => {
  const store = new Memory();
  await store.setText("file exercise-1", "x = 1");
  await store.setText("overview", "{}");
  assert.deepEqual(await store.texts("file "), { "exercise-1": "x = 1" });
});
