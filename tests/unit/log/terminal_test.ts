import assert from "node:assert/strict";
import { escapeUnsafe, quote } from "../../../src/base/text.ts";
import {
  paint,
  printErrorLine,
  printLine,
  printText,
  stderrIsTerminal,
  stdinIsTerminal,
  stdoutIsTerminal,
  wantsColour,
} from "../../../src/log/terminal.ts";

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
  const codes = {
    bold: [1, 22],
    dim: [2, 22],
    red: [31, 39],
    green: [32, 39],
    yellow: [33, 39],
    cyan: [36, 39],
  } as const;
  for (const how of ["bold", "dim", "red", "green", "yellow", "cyan"] as const) {
    const [on, off] = codes[how];
    assert.equal(paint("x", how, true), `\x1b[${on}mx\x1b[${off}m`, how);
  }
});

/** What is written to a stream that takes three bytes at a time, or is closed. */
function written(
  stream: typeof Deno.stdout | typeof Deno.stderr,
  closed: boolean,
  work: () => boolean,
) {
  const { writeSync } = stream;
  const bytes: number[] = [];
  stream.writeSync = (given) => {
    if (closed) throw new Deno.errors.BrokenPipe("gone");
    bytes.push(...given.subarray(0, 3));
    return Math.min(3, given.length);
  };
  try {
    const went = work();
    return { went, text: new TextDecoder().decode(Uint8Array.from(bytes)) };
  } finally {
    stream.writeSync = writeSync;
  }
}

Deno.test("printing writes all of a text, and says when nobody reads it any more", () => {
  const cases = [
    [Deno.stdout, () => printLine("Grüße, 1234"), "Grüße, 1234\n"],
    [Deno.stdout, () => printLine(), "\n"],
    [Deno.stdout, () => printText("Really? "), "Really? "],
    [Deno.stdout, () => printText(""), ""],
    [Deno.stderr, () => printErrorLine("Cannot"), "Cannot\n"],
    [Deno.stderr, () => printErrorLine(), "\n"],
  ] as const;
  for (const [stream, work, text] of cases) {
    assert.deepEqual(written(stream, false, work), { went: true, text });
    const nothingToWrite = text === "";
    assert.deepEqual(written(stream, true, work), { went: nothingToWrite, text: "" });
  }
});

Deno.test("each stream is asked itself whether it is a terminal", () => {
  const asks = [
    [Deno.stdin, stdinIsTerminal],
    [Deno.stdout, stdoutIsTerminal],
    [Deno.stderr, stderrIsTerminal],
  ] as const;
  for (const [stream] of asks) {
    const { isTerminal } = stream;
    for (const answer of [true, false]) {
      for (const [other] of asks) other.isTerminal = () => other === stream ? answer : !answer;
      for (const [other, ask] of asks) assert.equal(ask(), other === stream ? answer : !answer);
    }
    for (const [other] of asks) other.isTerminal = isTerminal;
  }
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
