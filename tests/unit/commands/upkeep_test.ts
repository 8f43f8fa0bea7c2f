import assert from "node:assert/strict";
import { Upkeeps } from "../../../src/commands/run/live_config.ts";
import type { Upkeep } from "../../../src/commands/setup/accounts.ts";

/** Counts how often it was begun, and how many go on. */
class Counted implements Upkeep {
  begun = 0;
  going = 0;

  maintain(signal: AbortSignal): Promise<void> {
    this.begun++;
    this.going++;
    return new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => {
        this.going--;
        reject(signal.reason);
      }, { once: true })
    );
  }
}

Deno.test("Upkeeps keeps one that several accounts share going once, for as long as any wants it", async () => {
  const upkeeps = new Upkeeps();
  const [shared, single] = [new Counted(), new Counted()];
  upkeeps.want([shared, null, shared, single]);
  assert.deepEqual([shared.going, single.going], [1, 1]);
  upkeeps.want([shared]);
  assert.deepEqual([shared.begun, shared.going, single.going], [1, 1, 0]);
  upkeeps.want([single]);
  upkeeps.want([single, shared]);
  assert.deepEqual([shared.begun, shared.going, single.begun], [2, 1, 2]);
  await upkeeps.end();
  assert.deepEqual([shared.going, single.going], [0, 0]);
});
