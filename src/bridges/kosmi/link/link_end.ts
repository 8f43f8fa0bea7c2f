import type { LinkEnd } from "../../../relay/port/bridge.ts";

/** How a connection can end, as the socket saw it. */
export type LinkFault =
  /** We closed it. */
  | { readonly kind: "closed-by-us" }
  /** The server answered the WebSocket handshake with an HTTP status. */
  | { readonly kind: "handshake"; readonly status: number; readonly retryAfterMs: number | null }
  /** An error before the acknowledgement: the token was refused. */
  | { readonly kind: "token"; readonly said: string }
  | { readonly kind: "no-ack"; readonly limitMs: number }
  | { readonly kind: "silent"; readonly silentMs: number }
  | { readonly kind: "frame-too-large"; readonly limitBytes: number }
  | { readonly kind: "network"; readonly said: string }
  | { readonly kind: "close"; readonly code: number; readonly said: string }
  /** The connection is well, but what was needed first could not be had. */
  | { readonly kind: "unusable"; readonly said: string };

const MINUTE_MS = 60_000;

/** True when the token is what was refused. */
export function isTokenFault(fault: LinkFault): boolean {
  return fault.kind === "token" ||
    (fault.kind === "close" && (fault.code === 4401 || fault.code === 4403));
}

/**
 * Why the connection ended, for the core: a pure table. `refusals` counts the handshakes in a row that the server answered with
 * an HTTP status, this one included.
 */
export function linkEndOf(fault: LinkFault, expectsLogin: boolean, refusals = 1): LinkEnd {
  switch (fault.kind) {
    case "closed-by-us":
      return { kind: "stopped", reason: "The relay closed the connection" };
    case "handshake":
      return handshakeEnd(fault.status, fault.retryAfterMs, refusals);
    case "token":
      return refusedToken(fault.said, expectsLogin);
    case "no-ack":
      return lost(`Kosmi did not acknowledge the connection within ${fault.limitMs / 1000} s`);
    case "silent":
      return lost(`Kosmi said nothing for ${Math.round(fault.silentMs / 1000)} s`);
    case "frame-too-large":
      return lost(`Kosmi sent a frame of more than ${fault.limitBytes} bytes`);
    case "network":
      return lost(`Cannot reach Kosmi: ${fault.said}`);
    case "unusable":
      return lost(fault.said);
    case "close":
      return closeEnd(fault.code, fault.said, expectsLogin);
  }
}

function lost(reason: string): LinkEnd {
  return { kind: "lost", reason };
}

function refusedToken(said: string, expectsLogin: boolean): LinkEnd {
  return {
    kind: "refused",
    reason: `Kosmi refused the ${expectsLogin ? "" : "anonymous "}token: ${said}`,
    retryAfterMs: expectsLogin ? 15 * MINUTE_MS : MINUTE_MS,
  };
}

/** A service that is being restarted may refuse for a moment what it takes again soon: the first waits are short. */
const REFUSED_HANDSHAKE_WAITS_MS = [1_000, 3_000, 10_000];

function handshakeEnd(status: number, retryAfterMs: number | null, refusals: number): LinkEnd {
  if (status === 429 || status === 503) {
    return {
      kind: "throttled",
      reason: `Kosmi answered the connection attempt with HTTP ${status}: too many or too busy`,
      retryAfterMs: retryAfterMs ?? MINUTE_MS / 2,
    };
  }
  if (status >= 500) return lost(`Kosmi answered the connection attempt with HTTP ${status}`);
  const hint = status === 403
    ? "it does not accept the Origin or the subprotocol, or WSEndpoint is not its WebSocket address; the token plays no part in this"
    : "WSEndpoint does not seem to be its WebSocket address";
  return {
    kind: "refused",
    reason: `Kosmi answered the connection attempt with HTTP ${status}: ${hint}`,
    retryAfterMs: REFUSED_HANDSHAKE_WAITS_MS[refusals - 1] ?? MINUTE_MS,
  };
}

function closeEnd(code: number, said: string, expectsLogin: boolean): LinkEnd {
  const words = said === "" ? "" : ` (${said})`;
  switch (code) {
    case 4401:
    case 4403:
      return refusedToken(`close code ${code}${words}`, expectsLogin);
    case 4429:
      return {
        kind: "throttled",
        reason: `Kosmi closed the connection with code 4429${words}: too many attempts`,
        retryAfterMs: MINUTE_MS / 2,
      };
    case 1006:
      return lost(`The connection to Kosmi broke${words}`);
    default:
      return lost(`Kosmi closed the connection with code ${code}${words}`);
  }
}
