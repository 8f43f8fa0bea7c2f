import assert from "node:assert/strict";
import { readProjectFile, trackedFiles } from "./module_graph.ts";

const MOST_LINES = 300;

/** Files of src that may be longer, each with the reason. */
const LONGER: Readonly<Record<string, string>> = {
  "src/bridges/kosmi/operations.ts": "all GraphQL documents with their types, one file by design",
};

Deno.test("a file of src has at most 300 lines, or a reason", async () => {
  const paths = await trackedFiles((path) => /^src\/.*\.ts$/.test(path));
  const long = [];
  for (const path of paths) {
    const lines = (await readProjectFile(path)).split("\n").length - 1;
    if (lines > MOST_LINES && !(path in LONGER)) long.push(`${path}: ${lines} lines`);
  }
  assert.deepEqual(long, []);
});

Deno.test("a reason for a long file goes when the file does", async () => {
  const paths = new Set(await trackedFiles((path) => path.startsWith("src/")));
  assert.deepEqual(Object.keys(LONGER).filter((path) => !paths.has(path)), []);
});
