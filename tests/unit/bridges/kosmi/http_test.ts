import assert from "node:assert/strict";
import { DeadlineError } from "../../../../src/base/abort.ts";
import { systemClock } from "../../../../src/base/clock.ts";
import { NeedsPersonError } from "../../../../src/base/errors.ts";
import { anonLogin } from "../../../../src/bridges/kosmi/link/anonymous_login.ts";
import { uploadImage } from "../../../../src/bridges/kosmi/pictures/uploads.ts";
import { KOSMI_PROTOCOL } from "../../../../src/bridges/kosmi/protocol/operations.ts";
import { tokenSubject } from "../../../../src/bridges/kosmi/session.ts";
import { type KosmiSandbox, startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { runBridge, send } from "./support.ts";

const never = new AbortController().signal;

function login(kosmi: KosmiSandbox, signal = never, timeoutMs = 5_000): Promise<string> {
  return anonLogin(
    { endpoints: kosmi, protocol: KOSMI_PROTOCOL, clock: systemClock, timeoutMs },
    signal,
  );
}

Deno.test("anonLogin() gets a token that opens a connection", async () => {
  await using kosmi = await startKosmi();
  const token = await login(kosmi);
  assert.notEqual(tokenSubject(token), null);
  const credentials = {
    get: () => Promise.resolve({ token, expectsLogin: false }),
    refused: () => {},
  };
  await using running = runBridge({ kosmi, credentials });
  await running.host.waitUp();
  assert.match(running.host.selves[0]?.nick ?? "", /^Anonymous /);
  const [receipt] = await send(running, "hi");
  assert.equal(receipt?.outcome, "confirmed");
});

Deno.test("anonLogin() goes on with the bare document where Kosmi has no user there", async () => {
  await using kosmi = await startKosmi({ variants: { missing: ["LoginResult.user"] } });
  assert.notEqual(tokenSubject(await login(kosmi)), null);
});

Deno.test("anonLogin() tells HTTP 403 and 404 for a person, 500 and HTML as errors", async () => {
  await using kosmi = await startKosmi();
  for (const status of [403, 404]) {
    kosmi.setVariant({ http: { status } });
    await assert.rejects(
      login(kosmi),
      (thrown) => thrown instanceof NeedsPersonError && thrown.message.includes(`HTTP ${status}`),
    );
  }
  for (const status of [429, 500, 503]) {
    kosmi.setVariant({ http: { status, html: true } });
    await assert.rejects(
      login(kosmi),
      (thrown) =>
        thrown instanceof Error && !(thrown instanceof NeedsPersonError) &&
        thrown.message.includes(`HTTP ${status}`),
    );
  }
  kosmi.setVariant({ http: { status: null, html: true } });
  await assert.rejects(login(kosmi), /not JSON/);
});

Deno.test("anonLogin() names what Kosmi says when there is no such login", async () => {
  await using kosmi = await startKosmi({ variants: { missing: ["RootMutationType.anonLogin"] } });
  await assert.rejects(login(kosmi), /Cannot log in anonymously: .*anonLogin/);
});

Deno.test("anonLogin() gives up on silence and on abort", async () => {
  await using kosmi = await startKosmi({ variants: { http: { hang: true } } });
  await assert.rejects(login(kosmi, never, 100), DeadlineError);
  const stopper = new AbortController();
  const waiting = login(kosmi, stopper.signal);
  stopper.abort(new Error("stop"));
  await assert.rejects(waiting, /stop/);
});

Deno.test("anonLogin() says that nobody listens", async () => {
  const kosmi = await startKosmi();
  await kosmi.stop();
  await assert.rejects(login(kosmi), /Cannot log in anonymously: /);
});

Deno.test("uploadImage() answers the address of the picture", async () => {
  await using kosmi = await startKosmi();
  const options = { endpoints: kosmi, protocol: KOSMI_PROTOCOL, clock: systemClock };
  const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
  const address = await uploadImage(options, bytes, "image/png", never);
  const [name] = [...kosmi.images().keys()];
  assert.ok(name !== undefined && address.endsWith(`/${name}`), address);
  assert.ok(address.startsWith(kosmi.imageEndpoint.replace(/\/$/, "")), address);
  const shown = await fetch(address);
  assert.equal(shown.status, 200);
  await shown.body?.cancel();
  kosmi.setVariant({ images: { status: 413 } });
  await assert.rejects(uploadImage(options, bytes, "image/png", never), /HTTP 413/);
});
