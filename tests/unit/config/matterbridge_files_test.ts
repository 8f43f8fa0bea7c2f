import assert from "node:assert/strict";
import { faultsOf, load, warningsOf } from "./sample.ts";

/** Written by us in the forms of real ones: each with a room added, as docs/migrating-from-matterbridge.md says. */
const FOLDER = new URL("./matterbridge_files/", import.meta.url);
/** What each gives: a block a file, in the order of their names. */
const TABLE = new URL("./matterbridge_files.txt", import.meta.url);

const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
const expected = new Map(
  Deno.readTextFileSync(TABLE).trim().split("\n\n").map((block) => {
    const [name = "", ...lines] = block.split("\n");
    return [name, lines];
  }),
);

/** One line for what comes of it, then one for each thing that is told. */
async function outcome(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(name, FOLDER));
  const loaded = await load(text, {}, name.replace(/^.*\./, "m."));
  const gateways = loaded.config?.gateways.map((gateway) =>
    `${gateway.name} (${gateway.endpoints.map(({ account }) => account).join(", ")})`
  );
  return [
    `  ${gateways === undefined ? "does not run" : `runs: ${gateways.join("; ")}`}`,
    ...faultsOf(loaded).map((told) => `  fault: ${told}`),
    ...warningsOf(loaded).map((told) => `  warning: ${told}`),
  ];
}

for (const name of names) {
  Deno.test(`a configuration of Matterbridge: ${name}`, async () => {
    assert.deepEqual(await outcome(name), expected.get(name));
  });
}

Deno.test("each file is in the table, and there are at least 60", () => {
  assert.deepEqual([...expected.keys()], names);
  assert.ok(names.length >= 60);
});
