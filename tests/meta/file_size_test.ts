import assert from "node:assert/strict";
import { readProjectFile, trackedFiles } from "./module_graph.ts";

const MOST_LINES = 350;

/** Files of src that may be longer: how much, and why. What grows past its own bound is to be taken apart. */
const LONGER: Readonly<Record<string, { readonly most: number; readonly reason: string }>> = {
  "src/bridges/kosmi/protocol/operations.ts": {
    most: 550,
    reason: "all GraphQL documents with their types, one file by design",
  },
  "src/config/options/irc.ts": {
    most: 400,
    reason: "one table: a row for each key of [irc.NAME]",
  },
  "src/relay/delivery/worker.ts": {
    most: 375,
    reason: "one state machine: the way of a shipment, with all inputs that move it",
  },
  "src/bridges/kosmi/room/room.ts": {
    most: 460,
    reason: "one class: entering, reading and sending share the state of one room",
  },
};

Deno.test("a file of src has at most 350 lines, or a reason", async () => {
  const paths = await trackedFiles((path) => /^src\/.*\.ts$/.test(path));
  const long = [];
  for (const path of paths) {
    const lines = (await readProjectFile(path)).split("\n").length - 1;
    const most = LONGER[path]?.most ?? MOST_LINES;
    if (lines > most) long.push(`${path}: ${lines} lines, ${most} allowed`);
  }
  assert.deepEqual(long, []);
});
