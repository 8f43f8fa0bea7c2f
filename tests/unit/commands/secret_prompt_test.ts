import assert from "node:assert/strict";
import { Asker, readSecret } from "../../../src/commands/shared/ask.ts";

/** Writes down, in order, what is shown and when the terminal begins and ends to show what is typed. */
async function watched(work: () => Promise<unknown>): Promise<string[]> {
  const steps: string[] = [];
  const { stdin, stdout, stderr } = Deno;
  const before = { raw: stdin.setRaw, read: stdin.read, isTerminal: stdin.isTerminal };
  const write = { out: stdout.writeSync, err: stderr.writeSync };
  const show = (bytes: Uint8Array) => {
    steps.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  stdin.setRaw = (raw) => void steps.push(raw ? "hidden" : "shown");
  stdin.isTerminal = () => true;
  stdin.read = (bytes) => {
    steps.push("read");
    bytes.set(new TextEncoder().encode("x\r"));
    return Promise.resolve(2);
  };
  stdout.writeSync = show;
  stderr.writeSync = show;
  try {
    await work();
  } finally {
    stdin.setRaw = before.raw;
    stdin.read = before.read;
    stdin.isTerminal = before.isTerminal;
    stdout.writeSync = write.out;
    stderr.writeSync = write.err;
  }
  return steps;
}

Deno.test("Asker.secret() hides what is typed before it asks, so that a quick paste is not shown", async () => {
  const steps = await watched(() => new Asker(new AbortController().signal).secret("Password: "));
  assert.deepEqual(steps, ["hidden", "Password: ", "read", "shown", "\n"]);
});

Deno.test("readSecret() hides what is pasted before it asks", async () => {
  const steps = await watched(() => readSecret("Token:"));
  assert.deepEqual(steps, ["hidden", "Token:\n", "read", "shown"]);
});
