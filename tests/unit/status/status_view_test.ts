import assert from "node:assert/strict";
import type { ChannelState, LinkState } from "../../../src/relay/port/observer.ts";
import type { MinuteView } from "../../../src/status/counts/last_hour.ts";
import { readiness } from "../../../src/status/counts/readiness.ts";
import type { TokenView } from "../../../src/status/counts/subject.ts";
import { renderCharts } from "../../../src/status/page/chart.ts";
import { statusView } from "../../../src/status/page/view.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FILMS, IRC, KOSMI, MAIN, StatusWorld } from "./status_world.ts";

const DAY_MS = 86_400_000;

function worldAt() {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  const view = () => statusView(world.subject, world.meter, clock.now());
  return { clock, world, view };
}

Deno.test("the page and readiness say of each state of a link what it is", () => {
  const { clock, world, view } = worldAt();
  const sinceMs = clock.now();
  const untilMs = clock.now() + 12_000;
  const cases: readonly (readonly [LinkState, string, string, string | null])[] = [
    [{ kind: "idle" }, "off", "not started yet", "not started yet"],
    [{ kind: "connecting", sinceMs, attempt: 1 }, "busy", "connecting", "connecting"],
    [
      { kind: "connecting", sinceMs, attempt: 2 },
      "busy",
      "connecting, attempt 2",
      "connecting, attempt 2",
    ],
    [{ kind: "ready", sinceMs, self: "relay" }, "good", "connected as relay", null],
    [
      { kind: "waiting", untilMs, reason: "gone", attempt: 1 },
      "busy",
      "not connected, next try in 12 s",
      "gone",
    ],
    [
      { kind: "refused", untilMs, reason: "banned" },
      "bad",
      "action needed; next try in 12 s",
      "banned",
    ],
    [{ kind: "stopped" }, "off", "stopped", "stopped"],
  ];
  assert.equal(view().accounts[0]?.state, "not started yet");
  for (const [state, health, words, reason] of cases) {
    world.link(IRC, state);
    const [account] = view().accounts;
    assert.deepEqual([account?.health, account?.state], [health, words]);
    const [row] = readiness(world.subject).accounts;
    assert.deepEqual([row?.ready, row?.reason], [reason === null, reason]);
  }
});

Deno.test("the page and readiness say of each state of a channel what it is", () => {
  const { world, view } = worldAt();
  const cases: readonly (readonly [ChannelState | null, string, string, string | null])[] = [
    [null, "off", "not joined", "not joined yet"],
    [{ kind: "up", sinceMs: 0 }, "good", "joined", null],
    [{ kind: "down", reason: "banned", mend: "person" }, "bad", "banned", "banned"],
    [{ kind: "down", reason: "full", mend: "wait" }, "busy", "full", "full"],
  ];
  for (const [state, health, words, reason] of cases) {
    if (state !== null) world.channel(FILMS, state);
    const place = view().places.get(FILMS);
    assert.deepEqual([place?.health, place?.state], [health, words]);
    const [row] = readiness(world.subject).channels;
    assert.deepEqual([row?.ready, row?.reason], [reason === null, reason]);
  }
});

Deno.test("the page tells of a token how long it holds", () => {
  const { clock, world, view } = worldAt();
  const left = (ms: number, origin: TokenView["origin"] = "login"): TokenView => ({
    ...{ origin, expiresAtMs: clock.now() + ms, fault: null },
  });
  const cases: readonly (readonly [TokenView, string, string])[] = [
    [{ origin: "login", expiresAtMs: 0, fault: "refused" }, "bad", "refused"],
    [{ origin: null, expiresAtMs: null, fault: null }, "busy", "none yet"],
    [{ origin: "anonymous", expiresAtMs: null, fault: null }, "good", "anonymous visitor"],
    [{ origin: "cache", expiresAtMs: null, fault: null }, "good", "no expiry date"],
    [left(-1), "bad", "expired"],
    [left(0), "busy", "0 days left"],
    [left(DAY_MS - 1), "busy", "0 days left"],
    [left(DAY_MS), "busy", "1 day left"],
    [left(2 * DAY_MS), "busy", "2 days left"],
    [left(7 * DAY_MS - 1), "busy", "6 days left"],
    [left(7 * DAY_MS), "good", "7 days left"],
    [left(8 * DAY_MS, "anonymous"), "good", "anonymous visitor, 8 days left"],
  ];
  for (const [token, health, words] of cases) {
    world.token = token;
    assert.deepEqual(view().accounts.map((account) => account.token), [null, { health, words }]);
  }
});

Deno.test("a place counts what was read, shown, lost by every cause, and waits", () => {
  const { clock, world, view } = worldAt();
  const lose = (count: number, cause: "limits" | "rejected" | "fault") =>
    world.meter.dropped(FILMS, "films", Array(count).fill(world.delivery(FILMS)), {
      ...{ cause, words: "lost" },
    });
  lose(1, "limits");
  lose(2, "rejected");
  lose(4, "fault");
  world.meter.confirmed(world.delivery(FILMS), clock.now());
  world.meter.duplicate(FILMS);
  world.meter.command(FILMS);
  for (const [oldestAcceptedAtMs, oldestMs] of [[-5, 5], [0, 0], [5, 0]] as const) {
    world.levels.set(FILMS, {
      ...{ waiting: 3, oldestAcceptedAtMs: clock.now() + oldestAcceptedAtMs },
    });
    const { delivered, dropped, waiting, received, aside, ...more } = view().places.get(FILMS) ??
      assert.fail();
    assert.deepEqual([received, delivered, dropped, waiting], [0, 1, 7, 3]);
    assert.deepEqual([aside.duplicates, aside.commands, more.oldestMs], [1, 1, oldestMs]);
  }
  assert.equal(view().places.get(MAIN)?.oldestMs, null);
  assert.deepEqual(view().minutes.at(-1)?.dropped, 7);
});

Deno.test("the verdict names each that is away once, and counts what waits", () => {
  const { world, view } = worldAt();
  const words = () => view().verdict;
  assert.deepEqual(words(), { health: "busy", words: "Nothing is connected", more: "" });
  world.ready();
  assert.deepEqual(words(), { health: "good", words: "Everything is connected", more: "" });
  for (const [waiting, more] of [[1, "1 message waits"], [2, "2 messages wait"]] as const) {
    world.levels.set(MAIN, { waiting, oldestAcceptedAtMs: null });
    assert.equal(words().more, more);
  }
  world.levels.clear();
  world.channel(FILMS, { kind: "down", reason: "full", mend: "wait" });
  assert.deepEqual(words(), { health: "busy", words: "Not connected: #films", more: "" });
  world.channel(FILMS, { kind: "down", reason: "banned", mend: "person" });
  assert.deepEqual(words(), { health: "bad", words: "Not connected: #films", more: "" });
  world.link(KOSMI, { kind: "stopped" });
  assert.equal(words().words, "Not connected: kosmi.movienight, #films");
  world.link(IRC, { kind: "refused", untilMs: 0, reason: "no" });
  world.link(KOSMI, { kind: "ready", sinceMs: 0, self: "Relay Bot" });
  assert.deepEqual(words(), { health: "bad", words: "Not connected: irc.libera", more: "" });
});

/** What a chart draws: class, place and size of each bar. */
function bars(minutes: readonly MinuteView[]): string[] {
  const found = renderCharts(minutes).text.matchAll(
    /<rect class="(\w+)" x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)"\s+height="([\d.-]+)"/g,
  );
  return Array.from(found, (match) => match.slice(1).join(" "));
}

const minute = (more: Partial<MinuteView>): MinuteView => ({
  ...{ delivered: 0, dropped: 0, medianMs: null, slowMs: null },
  ...more,
});

Deno.test("a chart draws each minute in its place, lost upon delivered, usual before slow", () => {
  const minutes = [
    minute({ delivered: 9, dropped: 1, medianMs: 20, slowMs: 200 }),
    minute({}),
    minute({ delivered: 1, medianMs: 1, slowMs: 1 }),
    minute({ dropped: 10 }),
  ];
  assert.deepEqual(bars(minutes), [
    ...["delivered 1 14 8 86", "dropped 1 4 8 10", "delivered 21 90 8 10", "dropped 31 4 8 96"],
    ...["slow 1 4 8 96", "delivered 1 90 8 10", "slow 21 98 8 2", "delivered 21 98 8 2"],
  ]);
  const { text } = renderCharts(minutes);
  assert.equal(text.match(/viewBox="0 0 40 100"/g)?.length, 2);
  assert.ok(text.includes("10 messages delivered, 11 not relayed; most in a minute 10"), text);
  assert.ok(text.includes("usually 20 ms (strong), the slowest up to 200 ms (pale)"), text);
});

Deno.test("a chart says it where there was nothing, or nothing of a kind", () => {
  const cases: readonly (readonly [MinuteView, string, string])[] = [
    [minute({}), "none in the last hour", "nothing delivered in the last hour"],
    [
      minute({ dropped: 1 }),
      "0 messages delivered, 1 not relayed; most in a minute 1",
      "nothing delivered in the last hour",
    ],
    [
      minute({ delivered: 1, medianMs: 0, slowMs: 0 }),
      "1 message delivered; most in a minute 1",
      "usually 0 ms (strong), the slowest up to 0 ms (pale)",
    ],
  ];
  for (const [one, messages, latency] of cases) {
    const { text } = renderCharts([one]);
    assert.ok(text.includes(`<span>${messages}</span>`), messages);
    assert.ok(text.includes(`<span>${latency}</span>`), latency);
  }
  const usual = [30, 10, 20].map((medianMs) => minute({ delivered: 1, medianMs, slowMs: 30 }));
  assert.ok(renderCharts(usual).text.includes("usually 20 ms"));
  assert.ok(renderCharts(usual.slice(0, 2)).text.includes("usually 30 ms"));
});
