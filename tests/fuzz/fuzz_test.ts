import assert from "node:assert/strict";
import { fuzz } from "./fuzz_run.ts";

Deno.test("20 seconds of random lines, frames and texts: no stray fault, no injected command, no secret", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { counts, findings } = await fuzz({ seed, forMs: 20_000 });
  assert.deepEqual(findings, [], `seed ${seed}`);
  assert(
    counts.ircLines > 300 && counts.kosmiFrames > 300,
    `seed ${seed}: ${JSON.stringify(counts)}`,
  );
});
