import assert from "node:assert/strict";
import { FOREIGN_ACCOUNT_KEYS } from "../../../src/config/options/account.ts";
import { FOREIGN_CHANNEL_KEYS } from "../../../src/config/options/gateway.ts";
import { FOREIGN_GENERAL_KEYS } from "../../../src/config/options/general.ts";
import { FOREIGN_IRC_KEYS } from "../../../src/config/options/irc.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Keys that stand in a table's first column. */
function rowsOf(markdown: string): Set<string> {
  const cells = markdown.split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.split(" | ")[0] ?? "");
  return new Set(cells.flatMap((cell) => cell.match(/\w+/g) ?? []).map((key) => key.toLowerCase()));
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

Deno.test("the page on migrating has a row for every key that Matterbridge documents", async () => {
  const rows = rowsOf(await read("docs/migrating-from-matterbridge.md"));
  const source = await read("tests/unit/config/documented_keys_test.ts");
  const theirs = source.slice(source.indexOf("String.raw`"), source.indexOf("`;"));
  const ofApi = new Set(["BindAddress", "Buffer", "Token", "InMessage"]);
  const keys = [...theirs.matchAll(/^(\w+)=/gm)].flatMap(([, key = ""]) =>
    ofApi.has(key) ? [] : [key]
  );
  assert(keys.length > 50, "the keys were found");
  const foreign = [FOREIGN_ACCOUNT_KEYS, FOREIGN_GENERAL_KEYS, FOREIGN_IRC_KEYS]
    .concat(FOREIGN_CHANNEL_KEYS).flat().map(({ key }) => key);
  const missing = [...keys, ...foreign].filter((key) => !rows.has(key.toLowerCase()));
  assert.deepEqual(missing, []);
});
