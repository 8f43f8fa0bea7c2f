import assert from "node:assert/strict";
import { StatusAccess } from "../../../src/status/access.ts";
import type { RecentEvent } from "../../../src/status/counts/recent_events.ts";
import { renderSections } from "../../../src/status/page/sections.ts";
import { statusView } from "../../../src/status/page/view.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { message } from "../relay/builders.ts";
import { FILMS, IRC, KOSMI, StatusWorld } from "./status_world.ts";

/** A world and the words of a part of its page, one space between them. */
function pageOf() {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  const words = (part: "verdict" | "accounts" | "gateways" | "recent") =>
    renderSections(statusView(world.subject, world.meter, clock.now()))[part].text
      .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  return { clock, world, words };
}

Deno.test("the page says why fewer messages arrived elsewhere than were read", () => {
  const cases = [
    [0, 0, 0, ""],
    [1, 0, 0, "1 command"],
    [0, 1, 0, "1 filtered"],
    [0, 0, 1, "1 duplicate left out"],
    [2, 3, 4, "2 commands, 3 filtered, 4 duplicates left out"],
  ] as const;
  for (const [commands, filtered, duplicates, aside] of cases) {
    const { world, words } = pageOf();
    const { meter } = world;
    for (let n = 0; n < commands; n++) meter.command(FILMS);
    for (let n = 0; n < commands + filtered; n++) meter.accepted(FILMS, [], message("x"));
    for (let n = 0; n < duplicates; n++) meter.duplicate(FILMS);
    const read = `not joined ${commands + filtered} ${aside}`.trim();
    assert.ok(
      words("gateways").includes(`#films irc.libera inactive: ${read} 0 0 0 – main`),
      aside,
    );
  }
});

Deno.test("the page says each kind of event in words", () => {
  const atMs = new FakeClock().now();
  const chat = {
    atMs,
    kind: "chat",
    endpoint: FILMS,
    what: "message",
    late: false,
    count: 1,
  } as const;
  const said = { nick: "al", text: "hi" };
  const cases: readonly (readonly [RecentEvent, string])[] = [
    [{ ...chat, said: null }, "1 message in #films"],
    [{ ...chat, late: true, count: 2, said: null }, "2 messages in #films (caught up)"],
    [{ ...chat, what: "topic", said: null }, "1 new topic in #films"],
    [{ ...chat, said }, "#films &lt; al &gt; hi"],
    [
      { atMs, kind: "link", account: IRC, how: "up", words: "relay" },
      "irc.libera is connected as relay",
    ],
    [
      { atMs, kind: "link", account: IRC, how: "down", words: "gone" },
      "irc.libera is not connected: gone",
    ],
    [
      { atMs, kind: "link", account: IRC, how: "refused", words: "no" },
      "irc.libera is refused: no",
    ],
    [{ atMs, kind: "channel", endpoint: FILMS, up: true, words: "" }, "#films joined"],
    [
      { atMs, kind: "channel", endpoint: FILMS, up: false, words: "full" },
      "#films not joined: full",
    ],
    [
      { atMs, kind: "dropped", endpoint: FILMS, count: 2, words: "too old" },
      "2 messages for #films not relayed: too old",
    ],
  ];
  assert.equal(pageOf().words("recent"), "Nothing has happened yet.");
  for (const [event, expected] of cases) {
    const { world, words } = pageOf();
    world.meter.recent.add(event);
    assert.match(words("recent").replace(/ : /g, ": "), /^\d\d:\d\d:\d\d /);
    assert.equal(words("recent").replace(/^\S+ /, ""), expected);
  }
});

Deno.test("an event of another day has its day", async () => {
  const { clock, world, words } = pageOf();
  world.link(IRC, { kind: "ready", sinceMs: 0, self: "relay" });
  await clock.advance(86_400_000);
  assert.match(words("recent"), /^\d\d-\d\d \d\d:\d\d:\d\d irc\.libera/);
});

Deno.test("the page tells an account's reconnects, error and round trip", async () => {
  const { clock, world, words } = pageOf();
  assert.ok(words("accounts").includes("irc.libera inactive: not started yet – none – –"));
  const ready = { kind: "ready", sinceMs: 0, self: "relay" } as const;
  world.link(IRC, ready);
  world.link(IRC, { kind: "waiting", untilMs: 0, reason: "ECONNREFUSED", attempt: 1 });
  await clock.advance(60_000);
  world.link(IRC, ready);
  world.meter.latency(IRC, 45);
  const meaning = "Nobody listens there: is the server up, and the port right?";
  assert.ok(
    words("accounts").includes(
      `connected as relay just now 1 reconnect ${meaning} ECONNREFUSED 1 min ago 45 ms –`,
    ),
    words("accounts"),
  );
});

Deno.test("the verdict is as bad as the worst of those that are away", () => {
  const { world, words } = pageOf();
  world.link(IRC, { kind: "refused", untilMs: 0, reason: "no" });
  world.link(KOSMI, { kind: "connecting", sinceMs: 0, attempt: 1 });
  assert.match(words("verdict"), /^broken: Nothing is connected version 1\.2\.3, running for less/);
});

Deno.test("without a token the page answers to its own names only, in any case", () => {
  const clock = new FakeClock();
  const ours = (host: string, token: string | null = null) =>
    new StatusAccess({ token, host: "Status.Lan", clock })
      .isOurName(new Request("http://x/", { headers: { host } }));
  for (const host of ["STATUS.lan:9180", "status.lan", "LocalHost", "[::1]:1"]) {
    assert.equal(ours(host), true, host);
  }
  for (const host of ["", "other.lan", "status.lan.evil"]) {
    assert.equal(ours(host), false, host);
    assert.equal(ours(host, "token"), true, host);
  }
});
