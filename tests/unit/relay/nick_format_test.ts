import assert from "node:assert/strict";
import { noPing, renderNickFormat } from "../../../src/relay/intake/compose.ts";
import { textOf } from "../../../src/relay/port/rich_text.ts";

const VALUES = {
  nick: "alice",
  protocol: "irc",
  bridge: "libera",
  gateway: "movies",
  label: "L",
  userId: "a@host",
  channel: "#films",
};

function render(template: string, values: Partial<typeof VALUES> = {}): string {
  return textOf(renderNickFormat(template, { ...VALUES, ...values }));
}

const ROWS: readonly [template: string, expected: string][] = [
  ["", ""],
  ["[{PROTOCOL}] <{NICK}> ", "[irc] <alice> "],
  ["{BRIDGE}/{GATEWAY}/{LABEL}/{USERID}/{CHANNEL}", "libera/movies/L/a@host/#films"],
  ["{NICK}{NICK}", "alicealice"],
  ["{nick} {UNKNOWN} {} {{NICK}}", "{nick} {UNKNOWN} {} {alice}"],
  ["{NOPINGNICK}: ", "a\u200blice: "],
];

for (const [template, expected] of ROWS) {
  Deno.test(`renderNickFormat() fills ${JSON.stringify(template)}`, () => {
    assert.equal(render(template), expected);
  });
}

Deno.test("renderNickFormat() leaves a nick that looks like a placeholder", () => {
  assert.equal(
    render("<{NICK}> {CHANNEL}", { nick: "{CHANNEL}{USERID}" }),
    "<{CHANNEL}{USERID}> #films",
  );
});

Deno.test("renderNickFormat() does not read $ patterns in values", () => {
  assert.equal(render("<{NICK}>", { nick: "$&$1" }), "<$&$1>");
});

Deno.test("renderNickFormat() styles the nick alone", () => {
  const style = { bold: true } as const;
  assert.deepEqual(renderNickFormat("<{NICK}> ", VALUES, style), [
    { text: "<", style: {} },
    { text: "alice", style },
    { text: "> ", style: {} },
  ]);
});

Deno.test("noPing() never cuts a grapheme and leaves one alone", () => {
  assert.equal(noPing("👨‍👩‍👧bob"), "👨‍👩‍👧\u200bbob");
  assert.equal(noPing("é"), "é");
  assert.equal(noPing(""), "");
});
