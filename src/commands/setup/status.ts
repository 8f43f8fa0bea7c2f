import type { Clock } from "../../base/clock.ts";
import type { GeneralConfig } from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import { openTelemetry } from "../../log/telemetry.ts";
import { endpointId } from "../../relay/port/ids.ts";
import { noObserver, observers, type RelayObserver } from "../../relay/port/observer.ts";
import type { Gateway } from "../../relay/port/settings.ts";
import type { RelayStore } from "../../relay/port/store.ts";
import type { Relay } from "../../relay/relay.ts";
import { RelayMeter } from "../../status/counts/meter.ts";
import { readiness } from "../../status/counts/readiness.ts";
import { redactedSubject, type StatusSubject } from "../../status/counts/subject.ts";
import { type Metrics, openMetrics } from "../../status/metrics.ts";
import { VERSION } from "../shared/build_info.ts";
import type { LiveAccount } from "./accounts.ts";

interface StatusSetup {
  readonly general: GeneralConfig;
  /** What is configured now. */
  readonly live: () => {
    readonly accounts: readonly LiveAccount[];
    readonly gateways: readonly Gateway[];
  };
  readonly store: Pick<RelayStore, "level">;
  readonly logging: Logging;
  readonly clock: Clock;
  /** The relay, once it is there. */
  readonly relay: () => Pick<Relay, "links" | "channels" | "handled">;
}

/** Page, health and metrics of one relay. */
interface Status {
  readonly observer: RelayObserver;
  /** Serves until `signal` aborts; at once done where no page is wanted. Call it when the relay is there. */
  run(signal: AbortSignal): Promise<void>;
}

/** What `StatusListen` and OTEL_DENO ask for; nothing is counted without them. */
export async function setUpStatus(setup: StatusSetup): Promise<Status> {
  const page = await setUpPage(setup);
  const telemetry = await openTelemetry();
  if (telemetry === null) return page;
  const { tracing } = await import("../../status/tracing.ts");
  const traces = tracing(telemetry, setup.logging.logger("trace"));
  return { ...page, observer: observers([page.observer, traces]) };
}

async function setUpPage(setup: StatusSetup): Promise<Status> {
  const { general, logging, clock } = setup;
  const { statusListen: listen, statusToken: token, statusShowMessages: showsTexts } = general;
  if (listen === null) return { observer: noObserver, run: () => Promise.resolve() };
  const redact = (text: string) => logging.redact(text);
  const subject = redactedSubject(subjectOf(setup), redact);
  const meter = new RelayMeter({ clock, keepTexts: showsTexts, redact });
  const metrics = await openMetrics({ subject, meter, clock });
  // Loaded where it is wanted: most relays have no status page.
  const { StatusServer } = await import("../../status/server.ts");
  const server = new StatusServer({
    ...listen,
    subject,
    meter,
    metrics: () => metrics.text(),
    token,
    showsTexts,
    tokenInAddress: await openTelemetry() === null,
    clock,
    log: logging.logger("status"),
  });
  return {
    observer: observers([meter, metricsObserver(metrics)]),
    run: (signal) => server.run(signal),
  };
}

function metricsObserver(metrics: Metrics): RelayObserver {
  return {
    ...noObserver,
    confirmed: (delivery, atMs) => metrics.confirmed(delivery, atMs),
    latency: (account, roundTripMs) => metrics.latency(account, roundTripMs),
  };
}

/** What keeps the relay from relaying everything now, one sentence each. */
export function problemsOf(
  { live, relay, logging }: Pick<StatusSetup, "live" | "relay" | "logging">,
): string[] {
  const { accounts, channels } = readiness(stateOf({ live, relay }));
  const broken = new Set(accounts.filter(({ ready }) => !ready).map(({ name }) => name));
  return [
    ...accounts,
    ...channels.filter(({ account }) => !broken.has(account))
      .map((row) => ({ ...row, name: `${row.account} ${row.name}` })),
  ].flatMap(({ name, reason }) => reason === null ? [] : [logging.redact(`${name}: ${reason}`)]);
}

function subjectOf(setup: StatusSetup): StatusSubject {
  const { store, relay, clock } = setup;
  return {
    ...stateOf(setup),
    version: VERSION,
    runtime: Deno.version.deno,
    startedAtMs: clock.now(),
    level: (endpoint) => store.level(endpoint),
    handled: () => relay().handled(),
  };
}

function stateOf({ live, relay }: Pick<StatusSetup, "live" | "relay">) {
  return {
    accounts: () =>
      live().accounts.map(({ bridge, token }) => ({
        id: bridge.account,
        token: () => token?.() ?? null,
      })),
    gateways: () => live().gateways.map(placesOf),
    links: () => relay().links(),
    channels: () => relay().channels(),
  };
}

function placesOf({ name, endpoints }: Gateway) {
  return {
    name,
    places: endpoints.map(({ account, channel, written, direction }) => ({
      endpoint: endpointId(account, channel),
      account,
      written,
      direction,
    })),
  };
}
