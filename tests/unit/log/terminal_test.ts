import assert from "node:assert/strict";
import { escapeUnsafe, quote } from "../../../src/base/text.ts";
import { paint, wantsColour } from "../../../src/log/terminal.ts";

Deno.test("escapeUnsafe() leaves people's writing alone and spells out the rest", () => {
  const kept = 'Grüße 日本 👩‍👩‍👧 ❤️ مرحبا \\ "';
  assert.equal(escapeUnsafe(kept), kept);
  assert.equal(
    escapeUnsafe("\r\n\t\0\x1b[2J\x9b\u2028\u202e\ufeff\u200b\ud83d"),
    "\\r\\n\\t\\u0000\\u001b[2J\\u009b\\u2028\\u202e\\ufeff\\u200b\\ud83d",
  );
});

Deno.test("quote() can't be left early", () => {
  assert.equal(quote('a" b=\\'), '"a\\" b=\\\\"');
});

Deno.test("paint() adds nothing where no colour is wanted", () => {
  assert.equal(paint("x", "red", false), "x");
  assert.equal(paint("x", "red", true), "\x1b[31mx\x1b[39m");
});

Deno.test("wantsColour() needs a terminal and heeds NO_COLOR", async () => {
  assert.equal(wantsColour(false), false);
  const url = new URL("../../../src/log/terminal.ts", import.meta.url);
  const code = `import { wantsColour } from "${url}"; Deno.exit(wantsColour(true) ? 10 : 20);`;
  for (const [env, expected] of [[{ NO_COLOR: "1" }, 20], [{ NO_COLOR: "" }, 10]] as const) {
    const args = ["eval", code];
    const { code: got } = await new Deno.Command(Deno.execPath(), { args, env }).output();
    assert.equal(got, expected);
  }
});
