import assert from "node:assert/strict";
import { unusedExports } from "./exports.ts";
import { readProjectFile, trackedFiles } from "./module_graph.ts";

/** An export is for another file of src, or for the test that looks at it. Whatever nobody imports needs no `export`. */
Deno.test("each export of src is imported somewhere", async () => {
  const paths = await trackedFiles((path) => /^(?:src|tests|bench|build|docs)\/.*\.ts$/.test(path));
  const texts = await Promise.all(paths.map(readProjectFile));
  const sources = new Map(paths.map((path, i) => [path, texts[i] ?? ""]));
  const unused = unusedExports(sources).map(({ file, name }) => `${file}: ${name}`);
  assert.deepEqual(unused, []);
});

Deno.test("unusedExports() finds what nobody imports, in every form of an import", () => {
  const sources = new Map([
    ["src/a.ts", "export const one = 1;\nexport function two() {}\nexport interface Three {}\n"],
    ["src/b.ts", "export class Four {}\nexport async function five() {}\nexport type Six = 1;\n"],
    ["src/c.ts", 'import { one, type Three } from "./a.ts";\nexport { Seven } from "./d.ts";\n'],
    ["src/d.ts", "export abstract class Seven {}\n"],
    [
      "tests/t.ts",
      'import { five } from "../src/b.ts";\nconst { Four: F } = await import("../src/b.ts");\n',
    ],
  ]);
  const unused = unusedExports(sources).map(({ file, name }) => `${file} ${name}`);
  assert.deepEqual(unused, ["src/a.ts two", "src/b.ts Six", "src/c.ts Seven"]);
});
