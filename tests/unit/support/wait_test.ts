import assert from "node:assert/strict";
import { Changes, until, WaitTimeoutError, within } from "../../support/wait.ts";

Deno.test("within() gives the result, or names what it waited for and what it saw", async () => {
  assert.equal(await within(Promise.resolve(7), "seven"), 7);
  await assert.rejects(
    within(new Promise(() => {}), "nothing", 10, () => "a cat"),
    {
      name: "WaitTimeoutError",
      message: "Waited 0.01 s in vain for nothing\nseen instead:\na cat",
    },
  );
  await assert.rejects(within(Promise.reject(new Error("broken")), "more"), /broken/);
});

Deno.test("until() asks again until there is an answer", async () => {
  let asked = 0;
  const answer = await until(() => ++asked >= 3 ? "done" : null, "three questions");
  assert.deepEqual([answer, asked], ["done", 3]);
  await assert.rejects(until(() => false, "never", 20), WaitTimeoutError);
});

Deno.test("until() takes 0 and an empty text for answers", async () => {
  assert.equal(await until(() => 0, "zero"), 0);
  assert.equal(await until(() => Promise.resolve(""), "nothing said"), "");
});

Deno.test("Changes.until() looks at once and after each change, never between", async () => {
  const changes = new Changes();
  let state = 0;
  let looked = 0;
  const three = changes.until(() => (looked++, state >= 3 ? state : null), "three");
  for (state = 1; state < 3; state++) changes.notify();
  assert.equal(looked, 3);
  changes.notify();
  assert.equal(await three, 3);
  changes.notify();
  assert.equal(looked, 4);
});

Deno.test("Changes.until() passes on what the probe throws", async () => {
  const changes = new Changes();
  const gone = changes.until(() => {
    throw new Error("connection gone");
  }, "a line");
  await assert.rejects(gone, /connection gone/);
});
