import assert from "node:assert/strict";
import { IrcBridge } from "../../../src/bridges/irc/bridge.ts";
import { startIrcServer } from "../../sandbox/irc/irc_sandbox.ts";
import { freePort } from "../../support/ports.ts";
import { optionsFor, start } from "./running_bridge.ts";

Deno.test("several servers: each is tried in turn, the one that let us in last first", async () => {
  await using second = await startIrcServer();
  const first = { host: "127.0.0.1", port: freePort() };
  const bridge = new IrcBridge(optionsFor(first, { moreServers: [second] }));
  {
    await using relay = start(first, {}, bridge);
    await relay.up();
    assert.deepEqual(second.members("#test"), ["relay"]);
    second.cutAll();
    assert.equal((await relay.ended).kind, "lost");
  }
  await using back = await startIrcServer({ port: first.port });
  {
    await using relay = start(first, {}, bridge);
    await relay.up();
    assert.deepEqual([back.members("#test"), second.members("#test")], [[], ["relay"]]);
    second.refuse();
    second.cutAll();
    await relay.ended;
  }
  await using relay = start(first, {}, bridge);
  await relay.up();
  assert.deepEqual(back.members("#test"), ["relay"]);
});

Deno.test("several servers: one that bans us does not keep us from the others", async () => {
  await using banned = await startIrcServer();
  banned.faults.refuseRegistration = { numeric: "465", text: "You are banned" };
  await using good = await startIrcServer();
  await using relay = start(banned, { moreServers: [good] });
  await relay.up();
});

Deno.test("several servers: the end names all that were tried, and one that may come back counts", async () => {
  await using banned = await startIrcServer();
  banned.faults.refuseRegistration = { numeric: "465", text: "You are banned" };
  const closed = { host: "127.0.0.1", port: freePort() };
  await using relay = start(closed, { moreServers: [banned] });
  const end = await relay.ended;
  assert.equal(end.kind, "lost");
  assert.match(end.reason, new RegExp(`127.0.0.1:${closed.port}.*127.0.0.1:${banned.port}.*ban`));
});
