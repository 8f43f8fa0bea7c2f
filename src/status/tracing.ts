import type { Span } from "@opentelemetry/api";
import type { Logger } from "../base/log.ts";
import type { Telemetry } from "../log/telemetry.ts";
import type { EndpointId } from "../relay/port/ids.ts";
import type { RelayObserver } from "../relay/port/observer.ts";
import type { Delivery, DeliveryId } from "../relay/port/store.ts";

/** Messages that wait for a service that is away keep no more spans than this; a later one begins at their end. */
const MOST_OPEN = 10_000;

/** Gives each delivery a span, from taking its message over to the confirmation. No text and no name gets into it. */
export function tracing({ api }: Telemetry, log: Logger): RelayObserver {
  const tracer = api.trace.getTracer("kosmi-relay");
  const open = new Map<DeliveryId, Span>();

  const begin = (delivery: Delivery, origin: EndpointId | null): Span =>
    tracer.startSpan("relay message", {
      startTime: delivery.acceptedAtMs,
      attributes: {
        "relay.gateway": delivery.gateway,
        "relay.from": origin ?? delivery.source?.endpoint ?? "",
        "relay.to": delivery.endpoint,
        "relay.kind": delivery.outgoing.kind,
      },
    });
  const within = (span: Span, say: () => void) =>
    api.context.with(api.trace.setSpan(api.context.active(), span), say);
  /** One that waited over a restart has none yet. */
  const spanOf = (delivery: Delivery) => open.get(delivery.id) ?? begin(delivery, null);

  return {
    duplicate: () => {},
    shown: () => {},
    linkState: () => {},
    channelState: () => {},
    latency: () => {},
    accepted(origin, deliveries) {
      for (const delivery of deliveries) {
        const span = begin(delivery, origin);
        if (open.size < MOST_OPEN) open.set(delivery.id, span);
        within(
          span,
          () =>
            log.debug("taken over from {origin} for {endpoint}", {
              origin,
              endpoint: delivery.endpoint,
            }),
        );
      }
    },
    confirmed(delivery, atMs) {
      const span = spanOf(delivery);
      open.delete(delivery.id);
      const facts = {
        endpoint: delivery.endpoint,
        tookMs: Math.round(atMs - delivery.acceptedAtMs),
      };
      within(span, () => log.debug("shown at {endpoint} after {tookMs} ms", facts));
      span.end(atMs);
    },
    dropped(_endpoint, _gateway, deliveries, { cause }) {
      for (const delivery of deliveries) {
        const span = spanOf(delivery);
        open.delete(delivery.id);
        span.setAttribute("relay.dropped", cause);
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: `not relayed: ${cause}` });
        span.end();
      }
    },
    about(delivery, say) {
      const span = spanOf(delivery);
      open.set(delivery.id, span);
      within(span, say);
    },
  };
}
