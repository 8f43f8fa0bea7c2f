import assert from "node:assert/strict";
import {
  isTokenFault,
  linkEndOf,
  type LinkFault,
} from "../../../../src/bridges/kosmi/link/link_end.ts";
import type { LinkEnd } from "../../../../src/relay/port/bridge.ts";

const close = (code: number): LinkFault => ({ kind: "close", code, said: "" });
const handshake = (status: number, retryAfterMs: number | null = null): LinkFault => ({
  kind: "handshake",
  status,
  retryAfterMs,
});

const TABLE: readonly [LinkFault, LinkEnd["kind"], number | undefined][] = [
  [{ kind: "closed-by-us" }, "stopped", undefined],
  [handshake(400), "refused", 1_000],
  [handshake(401), "refused", 1_000],
  [handshake(403), "refused", 1_000],
  [handshake(404), "refused", 1_000],
  [handshake(200), "refused", 1_000],
  [handshake(301), "refused", 1_000],
  [handshake(429), "throttled", 30_000],
  [handshake(429, 7_000), "throttled", 7_000],
  [handshake(503), "throttled", 30_000],
  [handshake(500), "lost", undefined],
  [handshake(502), "lost", undefined],
  [{ kind: "token", said: "UNAUTHORIZED" }, "refused", 900_000],
  [{ kind: "no-ack", limitMs: 10_000 }, "lost", undefined],
  [{ kind: "silent", silentMs: 90_000 }, "lost", undefined],
  [{ kind: "frame-too-large", limitBytes: 10 }, "lost", undefined],
  [{ kind: "network", said: "connection refused" }, "lost", undefined],
  [{ kind: "unusable", said: "Cannot tell" }, "lost", undefined],
  [close(1000), "lost", undefined],
  [close(1001), "lost", undefined],
  [close(1006), "lost", undefined],
  [close(1009), "lost", undefined],
  [close(1011), "lost", undefined],
  [close(1012), "lost", undefined],
  [close(1013), "lost", undefined],
  [close(4400), "lost", undefined],
  [close(4401), "refused", 900_000],
  [close(4403), "refused", 900_000],
  [close(4429), "throttled", 30_000],
  [close(4999), "lost", undefined],
];

Deno.test("linkEndOf() says what follows from each end", () => {
  for (const [fault, kind, retryAfterMs] of TABLE) {
    const end = linkEndOf(fault, true);
    assert.equal(end.kind, kind, JSON.stringify(fault));
    assert.equal(end.retryAfterMs, retryAfterMs, JSON.stringify(fault));
    assert.notEqual(end.reason, "");
    assert.equal(isTokenFault(fault), end.reason.includes("refused the token"));
  }
});

Deno.test("linkEndOf() tries an anonymous token sooner: a new one costs nothing", () => {
  assert.equal(linkEndOf({ kind: "token", said: "x" }, false).retryAfterMs, 60_000);
});

Deno.test("linkEndOf() waits a minute only when the handshake goes on being refused", () => {
  const waits = [1, 2, 3, 4, 5].map((count) =>
    linkEndOf(handshake(403), false, count).retryAfterMs
  );
  assert.deepEqual(waits, [1_000, 3_000, 10_000, 60_000, 60_000]);
});
