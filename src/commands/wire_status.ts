import type { Clock } from "../base/clock.ts";
import type { GeneralConfig } from "../config/types.ts";
import type { Logging } from "../observability/logging.ts";
import { type Metrics, openMetrics } from "../observability/metrics.ts";
import { observers } from "../observability/observers.ts";
import { RelayMeter } from "../observability/relay_meter.ts";
import { openTelemetry } from "../observability/telemetry.ts";
import { redactedSubject, type StatusSubject } from "../observability/status_subject.ts";
import { endpointId } from "../relay/ids.ts";
import { noObserver, type RelayObserver } from "../relay/observer.ts";
import type { Relay } from "../relay/relay.ts";
import type { RelayStore } from "../relay/relay_store.ts";
import type { Gateway } from "../relay/settings.ts";
import { VERSION } from "./version.ts";
import type { WiredAccount } from "./wire.ts";

export interface StatusWiring {
  readonly general: GeneralConfig;
  /** What is configured now. */
  readonly wired: () => {
    readonly accounts: readonly WiredAccount[];
    readonly gateways: readonly Gateway[];
  };
  readonly store: Pick<RelayStore, "level">;
  readonly logging: Logging;
  readonly clock: Clock;
  /** The relay, once it is there. */
  readonly relay: () => Pick<Relay, "links" | "channels" | "handled">;
}

/** Page, health and metrics of one relay. */
export interface Status {
  readonly observer: RelayObserver;
  /** Serves until `signal` aborts; at once done where no page is wanted. Call it when the relay is there. */
  run(signal: AbortSignal): Promise<void>;
}

/** What `StatusListen` and OTEL_DENO ask for; nothing is counted without them. */
export async function wireStatus(wiring: StatusWiring): Promise<Status> {
  const page = await wirePage(wiring);
  const telemetry = await openTelemetry();
  if (telemetry === null) return page;
  const { tracing } = await import("../observability/tracing.ts");
  const traces = tracing(telemetry, wiring.logging.logger("trace"));
  return { ...page, observer: observers([page.observer, traces]) };
}

async function wirePage(wiring: StatusWiring): Promise<Status> {
  const { general, logging, clock } = wiring;
  const { statusListen: listen, statusToken: token, statusShowMessages: showsTexts } = general;
  if (listen === null) return { observer: noObserver, run: () => Promise.resolve() };
  const redact = (text: string) => logging.redact(text);
  const subject = redactedSubject(subjectOf(wiring), redact);
  const meter = new RelayMeter({ clock, keepTexts: showsTexts, redact });
  const metrics = await openMetrics({ subject, meter, clock });
  // Loaded where it is wanted: most relays have no status page.
  const { StatusServer } = await import("../observability/status_server.ts");
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

function subjectOf(wiring: StatusWiring): StatusSubject {
  const { wired, store, relay, clock } = wiring;
  return {
    version: VERSION,
    runtime: Deno.version.deno,
    startedAtMs: clock.now(),
    accounts: () =>
      wired().accounts.map(({ bridge, token }) => ({
        id: bridge.account,
        token: () => token?.() ?? null,
      })),
    gateways: () => wired().gateways.map(placesOf),
    links: () => relay().links(),
    channels: () => relay().channels(),
    level: (endpoint) => store.level(endpoint),
    handled: () => relay().handled(),
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
