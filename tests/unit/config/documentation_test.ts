import assert from "node:assert/strict";
import { configurationMarkdown } from "../../../docs/configuration_markdown.ts";
import { load, warningsOf } from "./sample.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("docs/configuration.md is what the tables say", async () => {
  assert.equal(
    await Deno.readTextFile(new URL("docs/configuration.md", ROOT)),
    configurationMarkdown(),
    "make it anew: deno run --allow-write=docs/configuration.md docs/generate_configuration.ts",
  );
});

Deno.test("the sample matterbridge.toml loads without a warning", async () => {
  const loaded = load(await Deno.readTextFile(new URL("matterbridge.toml", ROOT)));
  assert.deepEqual([loaded.faults, warningsOf(loaded)], [[], []]);
});

Deno.test("the sample matterbridge.toml loads with everything that it shows in comments", async () => {
  const text = await Deno.readTextFile(new URL("matterbridge.toml", ROOT));
  const whole = text.replace(/^#(?=\w+ = |\[)/gm, "").replace('Password = ""', 'Password = "x"')
    .replace(/(Email = .*\n)Password = ""/, '$1Password = "x"').replace('key = ""', 'key = "x"');
  const loaded = load(whole);
  assert.deepEqual([loaded.faults, warningsOf(loaded)], [[], []]);
  assert(whole.includes("\n[gateway.inout.options]\n"));
});
