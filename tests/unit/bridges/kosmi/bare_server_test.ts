// @ts-types="@types/ws"
import type { WebSocket } from "ws";
import fc from "fast-check";
import assert from "node:assert/strict";
import { systemClock } from "../../../../src/base/clock.ts";
import { KosmiBridge } from "../../../../src/bridges/kosmi/bridge.ts";
import type { AccountId } from "../../../../src/relay/port/ids.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";
import { until } from "../../../support/wait.ts";
import { ack, type Answers, type Asked, bareServer, data, next } from "./bare_server.ts";
import {
  FixedCredentials,
  protocolWith,
  RecordingHost,
  type RunningBridge,
  send,
} from "./support.ts";

function run(url: string, tokens: string[] = ["secret-token"]): RunningBridge {
  const log = new LogRecorder();
  const bridge = new KosmiBridge({
    account: "kosmi.bare" as AccountId,
    endpoints: { appUrl: url, httpEndpoint: url, wsEndpoint: url, imageEndpoint: url },
    room: null,
    credentials: new FixedCredentials(tokens),
    protocol: protocolWith(),
    messageDelayMs: 500,
    burst: 10,
    history: { maxMessages: 500 },
    markup: "plain",
    clock: systemClock,
    random: () => 0.5,
    log,
  });
  const host = new RecordingHost(["@movienight"]);
  const stopper = new AbortController();
  const ended = bridge.runOnce(host, stopper.signal);
  const stop = () => {
    stopper.abort();
    return ended;
  };
  return { bridge, host, log, ended, stop, [Symbol.asyncDispose]: async () => void await stop() };
}

/** A server that knows no more than the notes of Kosmi say, and answers nothing else. */
function notes(): { answers: Answers; say: (id: string, body: string, user: string) => void } {
  let chat: Asked | null = null;
  let count = 0;
  const say = (id: string, body: string, user: string) => {
    if (chat === null) return;
    const author = { id: user, displayName: null, username: user, isAnonymous: false };
    next(chat, {
      data: { newMessage: { id, body, time: Math.floor(Date.now() / 1000), user: author } },
    });
  };
  const answers: Answers = {
    currentUser: (asked) => data(asked, { currentUser: { id: "bot", displayName: "Bot" } }),
    joinRoom: (asked) => data(asked, { joinRoom: { ok: true } }),
    newMessage: (asked) => chat = asked,
    sendMessage: (asked) => {
      data(asked, { sendMessage: { ok: true } });
      say(`own${++count}`, String(asked.variables["body"]), "bot");
    },
    roomDisconnect: (asked) => data(asked, { roomDisconnect: { ok: true } }),
  };
  return { answers, say };
}

Deno.test("KosmiBridge works with a server that answers only what the notes of Kosmi name", async () => {
  const { answers, say } = notes();
  await using server = await bareServer(ack, answers);
  const running = run(server.url);
  await running.host.waitUp();
  say("m1", "hello", "alice");
  await running.host.waitFor(() => running.host.texts().includes("hello"), "hello");
  assert.equal(running.host.messages()[0]?.sender.nick, "alice");
  assert.deepEqual((await send(running, "hi")).map((each) => each.outcome), ["confirmed"]);
  assert.equal((await running.stop()).kind, "stopped");
  await until(() => server.closes.length > 0, "the close");
  assert.deepEqual(server.closes, [1000]);
  const joined = server.came.indexOf("joinRoom");
  const subscribed = server.came.indexOf("newMessage");
  assert.ok(joined > 0 && joined < subscribed, server.came.join());
  assert.ok(!server.came.includes("pong"));
});

Deno.test("a document that does not validate may be answered by a next with errors alone", async () => {
  const { answers, say } = notes();
  const strict: Answers = {
    ...answers,
    newMessage: (asked) => {
      if (!/\breplyTo\b|\breply\b/.test(asked.query)) return answers["newMessage"]?.(asked);
      const name = /\breplyTo\b/.test(asked.query) ? "replyTo" : "reply";
      const errors = [{ message: `Cannot query field "${name}" on type "Message".` }];
      next(asked, { errors });
    },
  };
  await using server = await bareServer(ack, strict);
  await using running = run(server.url);
  await running.host.waitUp();
  await running.host.waitFor(() => {
    say("m1", "hello", "alice");
    return running.host.texts().includes("hello");
  }, "hello");
});

Deno.test("an error before the acknowledgement is a refusal, whatever its id is", async () => {
  for (const id of ["4400", 7, null, { reason: "token expired" }, ["x"]]) {
    const frame = JSON.stringify({ id, type: "error", payload: {} });
    await using server = await bareServer((socket) => socket.send(frame), {});
    await using running = run(server.url);
    const end = await running.ended;
    assert.equal(end.kind, "refused", frame);
    assert.match(end.reason, /refused the token/);
    assert.doesNotMatch(JSON.stringify([end, running.log.records]), /secret-token/);
  }
});

Deno.test("close codes that speak of the token before the acknowledgement are a refusal", async () => {
  await using server = await bareServer((socket) => socket.close(4403, "Forbidden"), {});
  await using running = run(server.url);
  assert.equal((await running.ended).kind, "refused");
});

Deno.test("a room that Kosmi names as missing in any form is for a person", async () => {
  const forms: readonly unknown[] = [
    { data: { joinRoom: null }, errors: [{ message: "ROOM_NOT_FOUND" }] },
    { errors: [{ message: "Something", extensions: { code: "ROOM_NOT_FOUND" } }] },
    { data: null, errors: [{ message: "Room does not exist" }] },
  ];
  for (const payload of forms) {
    const { answers } = notes();
    const missing = { ...answers, joinRoom: (asked: Asked) => next(asked, payload) };
    await using server = await bareServer(ack, missing);
    await using running = run(server.url);
    await running.host.waitFor(() => running.host.downs[0], "channelDown");
    assert.equal(running.host.downs[0]?.why.mend, "person");
  }
});

Deno.test("KosmiBridge ends the attempt when nothing tells who we are", async () => {
  await using server = await bareServer(ack, {});
  await using running = run(server.url);
  const end = await running.ended;
  assert.equal(end.kind, "lost");
  assert.match(end.reason, /Cannot identify the relay/);
});

Deno.test("frames of any content don't end the connection or stop what comes behind them", async () => {
  const { answers, say } = notes();
  let socket: WebSocket | null = null;
  await using server = await bareServer((client) => {
    socket = client;
    ack(client);
  }, answers);
  await using running = run(server.url);
  await running.host.waitUp();
  const types = ["next", "error", "complete", "pong", "ping", "connection_ack", "x", ""];
  // Ids of ours would rightly end our operations.
  const id = fc.oneof(fc.constantFrom("nobody", "", 0, null), fc.object({ maxDepth: 1 }));
  const frames = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ type: fc.constantFrom(...types), id, payload: fc.jsonValue() }, {
      requiredKeys: [],
    })
      .map((frame) => JSON.stringify(frame)),
  );
  for (const frame of fc.sample(frames, { numRuns: 2_000, seed: 11 })) sendFrame(socket, frame);
  say("after", "after", "alice");
  await running.host.waitFor(() => running.host.texts().includes("after"), "after");
  assert.ok(running.log.texts("warn").length < 30, running.log.texts("warn").join("\n"));
  assert.ok(!server.came.includes("pong"));
});

function sendFrame(socket: WebSocket | null, frame: string): void {
  socket?.send(frame);
}
