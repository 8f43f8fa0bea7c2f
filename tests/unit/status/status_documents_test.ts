import assert from "node:assert/strict";
import * as v from "valibot";
import { openMetrics } from "../../../src/status/metrics.ts";
import { findProgram, needs } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { StatusWorld } from "./status_world.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const RULES = new URL("alert-rules.yml", DOCS).pathname;

const Dashboard = v.object({
  panels: v.array(v.object({
    title: v.string(),
    gridPos: v.object({ x: v.number(), y: v.number(), w: v.number(), h: v.number() }),
    targets: v.array(v.object({ expr: v.string() })),
  })),
});

async function promtool(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const program = findProgram("promtool") ?? "promtool";
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, said: decode(stdout) + decode(stderr) };
}

/** The dashboard's queries, with Grafana's own variables filled in. */
async function queries(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("grafana-dashboard.json", DOCS));
  const { panels } = v.parse(Dashboard, JSON.parse(text));
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    .map((query) => query.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "5m"));
}

async function metricNames(): Promise<Set<string>> {
  const world = new StatusWorld();
  const metrics = await openMetrics(world);
  const names = new Set<string>();
  for (const [, name = "", type] of (await metrics.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    for (const end of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) {
      names.add(`${name}${end}`);
    }
  }
  return names;
}

Deno.test("alert rules, dashboard and docs/status.md only name metrics that there are", async () => {
  const names = await metricNames();
  const status = await Deno.readTextFile(new URL("status.md", DOCS));
  const texts = [await Deno.readTextFile(RULES), ...await queries(), status];
  const used = new Set(texts.flatMap((text) => text.match(/\b(?:kosmi_relay|process)_\w+/g) ?? []));
  const histograms = [...names].map((name) => name.replace(/_bucket$/, ""));
  const known = new Set([...names, ...histograms]);
  assert.deepEqual([...used].filter((name) => !known.has(name)), []);
  const documented = new Set(status.match(/\b(?:kosmi_relay|process)_\w+/g) ?? []);
  const undocumented = [...names].map((name) => name.replace(/_(?:bucket|sum|count)$/, ""))
    .filter((name) => !documented.has(name));
  assert.deepEqual(undocumented, []);
});

needs("promtool")("promtool accepts the alert rules and every query of the dashboard", async () => {
  const rules = await promtool("check", "rules", RULES);
  assert.equal(rules.code, 0, rules.said);
  await using folder = await tempDir();
  const all = await queries();
  assert.ok(all.length > 10);
  const file = folder.file("queries.json");
  const recorded = all.map((expr, i) => ({ record: `query:${i}`, expr }));
  await Deno.writeTextFile(
    file,
    JSON.stringify({ groups: [{ name: "queries", rules: recorded }] }),
  );
  const { code, said } = await promtool("check", "rules", file);
  assert.equal(code, 0, said);
});

/** What is measured each minute, and the alerts that are ringing after ten. */
const SITUATIONS: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
  readonly string[],
])[] = [
  ["all is well", {
    'up{job="kosmi-relay"}': "1x20",
    'kosmi_relay_link_state{account="irc.a",state="ready"}': "1x20",
    'kosmi_relay_channel_up{account="irc.a",channel="#a"}': "1x20",
    'kosmi_relay_queue_oldest_seconds{account="irc.a",channel="#a"}': "0 1 0 2 0x20",
    'kosmi_relay_messages_dropped_total{account="irc.a",channel="#a",reason="limits"}': "3x20",
    'kosmi_relay_token_expires_timestamp_seconds{account="kosmi.k"}': "8640000x20",
  }, []],
  ["the relay is gone", { 'up{job="kosmi-relay"}': "0x20" }, ["KosmiRelayDown"]],
  ["an account is away", {
    'kosmi_relay_link_state{account="irc.a",state="ready"}': "0x20",
    'kosmi_relay_channel_up{account="irc.a",channel="#a"}': "0x20",
  }, ["KosmiRelayAccountAway"]],
  ["only a channel is closed", {
    'kosmi_relay_link_state{account="irc.a",state="ready"}': "1x20",
    'kosmi_relay_channel_up{account="irc.a",channel="#a"}': "0x20",
  }, ["KosmiRelayChannelClosed"]],
  ["messages are lost", {
    'kosmi_relay_messages_dropped_total{account="irc.a",channel="#a",reason="limits"}': "0x5 7x15",
  }, ["KosmiRelayMessagesDropped"]],
  ["messages wait", {
    'kosmi_relay_queue_oldest_seconds{account="irc.a",channel="#a"}': "200+60x20",
  }, ["KosmiRelayMessagesWait"]],
  ["a token runs out", {
    'kosmi_relay_token_expires_timestamp_seconds{account="kosmi.k"}': "86400x20",
  }, ["KosmiRelayTokenExpires"]],
];

const ALERTS = [
  ...["KosmiRelayDown", "KosmiRelayAccountAway", "KosmiRelayAccountRefused"],
  ...["KosmiRelayChannelClosed", "KosmiRelayMessagesWait", "KosmiRelayMessagesDropped"],
  ...["KosmiRelayFlapping", "KosmiRelaySlow", "KosmiRelayTokenExpires", "KosmiRelayMemory"],
];

needs("promtool")("the alerts ring for what they are for, and for nothing else", async () => {
  await using folder = await tempDir();
  const situations = SITUATIONS.map(([name, series, ringing]) => ({
    interval: "1m",
    name,
    input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
    promql_expr_test: ALERTS.map((alert) => ({
      // Labels and texts may change: what counts is whether it rings.
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      eval_time: "10m",
      exp_samples: [{ labels: "{}", value: ringing.includes(alert) ? 1 : 0 }],
    })),
  }));
  const file = folder.file("situations.json");
  const content = { rule_files: [RULES], evaluation_interval: "1m", tests: situations };
  await Deno.writeTextFile(file, JSON.stringify(content));
  const { code, said } = await promtool("test", "rules", file);
  assert.equal(code, 0, said);
});
