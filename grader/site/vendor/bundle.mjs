// Makes codemirror.js and codemirror.licences.txt of the packages that package-lock.json names.
// Both are committed, so that nobody needs Node to build a site; `.ci/run` makes them again and compares.

import { build } from "esbuild";
import { readdir, readFile, writeFile } from "node:fs/promises";

const { metafile } = await build({
  entryPoints: ["entry.js"],
  outfile: "codemirror.js",
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  lineLimit: 110,
  legalComments: "none", // they stand in the other file, whole
  banner: { js: "// CodeMirror, bundled of the packages in codemirror.licences.txt; see bundle.mjs." },
  metafile: true,
});
const used = Object.entries(metafile.outputs["codemirror.js"].inputs).filter(([, part]) => part.bytesInOutput);
const names = used.map(([path]) => path.match(/^node_modules\/((@[^/]+\/)?[^/]+)/)[1]);
const parts = [];
for (const name of [...new Set(names)].sort()) {
  const folder = `node_modules/${name}`;
  const { version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  parts.push(`${name} ${version}\n\n${(await readFile(`${folder}/${file}`, "utf8")).trim()}\n`);
}
await writeFile("codemirror.licences.txt", parts.join(`\n${"-".repeat(80)}\n\n`));
