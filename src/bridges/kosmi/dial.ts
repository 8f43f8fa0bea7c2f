import type { Clock } from "../../base/clock.ts";
import { KosmiLink } from "./link.ts";
import type { OnceLog } from "./once_log.ts";
import type { KosmiProtocol } from "./protocol.ts";

export interface DialOptions {
  readonly url: string;
  readonly protocol: KosmiProtocol;
  readonly origin: string;
  readonly token: string;
  readonly clock: Clock;
  readonly said: OnceLog;
  readonly latency: (roundTripMs: number) => void;
}

/** Connects as the browser does. Rejects with a LinkEndedError, or with the signal's reason. */
export function dialKosmi(options: DialOptions, signal: AbortSignal): Promise<KosmiLink> {
  const { protocol, origin, token, url, clock, said, latency } = options;
  return KosmiLink.dial({
    url,
    headers: { Origin: origin, "User-Agent": protocol.userAgent },
    init: { token, ua: base64(protocol.userAgent), v: protocol.v, r: protocol.r },
    limits: protocol.limits,
    clock,
    said,
    latency,
  }, signal);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
