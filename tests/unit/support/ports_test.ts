import assert from "node:assert/strict";
import { freePort } from "../../support/ports.ts";

Deno.test("freePort() gives different ports that can be listened on", () => {
  const ports = Array.from({ length: 50 }, () => freePort());
  assert.equal(new Set(ports).size, 50);
  for (const port of ports) Deno.listen({ hostname: "127.0.0.1", port }).close();
});
