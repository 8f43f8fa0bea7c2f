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

const PLACEHOLDER = / is still the sample's ".*": write your own here$/;

Deno.test("the sample matterbridge.toml loads, and each of its placeholders is warned of", async () => {
  const loaded = await load(await Deno.readTextFile(new URL("matterbridge.toml", ROOT)));
  assert.deepEqual(loaded.faults, []);
  const warnings = warningsOf(loaded);
  assert.deepEqual(warnings.filter((text) => !PLACEHOLDER.test(text)), []);
  assert.equal(warnings.length, 3);
});

Deno.test("the sample matterbridge.toml loads with everything that it shows in comments", async () => {
  const text = await Deno.readTextFile(new URL("matterbridge.toml", ROOT));
  const whole = text.replace(/^#(?=\w+ = |\[)/gm, "").replace('Password = ""', 'Password = "x"')
    .replace(/(Email = .*\n)Password = ""/, '$1Password = "x"').replace('key = ""', 'key = "x"');
  const loaded = await load(whole);
  assert.deepEqual(loaded.faults, []);
  assert.deepEqual(warningsOf(loaded).filter((text) => !PLACEHOLDER.test(text)), []);
  assert(whole.includes("\n[gateway.inout.options]\n"));
});
