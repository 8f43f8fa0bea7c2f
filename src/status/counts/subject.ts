import type { AccountId, EndpointId } from "../../relay/port/ids.ts";
import type { ChannelState, LinkState } from "../../relay/port/observer.ts";
import type { OutboxLevel } from "../../relay/port/store.ts";

/** What may be shown of an account's token; never the token. */
export interface TokenView {
  /** Where it comes from; null as long as there is none. */
  readonly origin: "anonymous" | "configured" | "cache" | "login" | null;
  readonly expiresAtMs: number | null;
  /** Why the last login failed. */
  readonly fault: string | null;
}

interface SubjectAccount {
  readonly id: AccountId;
  /** Null for an account without a token. */
  token(): TokenView | null;
}

export interface SubjectPlace {
  readonly endpoint: EndpointId;
  readonly account: AccountId;
  /** As written in the configuration. */
  readonly written: string;
  readonly direction: "in" | "out" | "inout";
}

export interface SubjectGateway {
  readonly name: string;
  readonly places: readonly SubjectPlace[];
}

/** The running relay, as far as page, health and metrics look at it. Answers for now; may differ at the next call. */
export interface StatusSubject {
  readonly version: string;
  /** The version of what runs it. */
  readonly runtime: string;
  readonly startedAtMs: number;
  accounts(): readonly SubjectAccount[];
  gateways(): readonly SubjectGateway[];
  links(): ReadonlyMap<AccountId, LinkState>;
  channels(): ReadonlyMap<EndpointId, ChannelState>;
  level(endpoint: EndpointId): OutboxLevel;
  /** Resolves when the core has come round; never if it is stuck. */
  handled(): Promise<void>;
}

/** Every endpoint of the gateways, once. */
export function placesOf(subject: Pick<StatusSubject, "gateways">): SubjectPlace[] {
  const places = new Map<EndpointId, SubjectPlace>();
  for (const place of subject.gateways().flatMap((gateway) => gateway.places)) {
    if (!places.has(place.endpoint)) places.set(place.endpoint, place);
  }
  return [...places.values()];
}

/** The same, with what services said freed of secrets. */
export function redactedSubject(
  subject: StatusSubject,
  redact: (text: string) => string,
): StatusSubject {
  return {
    version: subject.version,
    runtime: subject.runtime,
    startedAtMs: subject.startedAtMs,
    gateways: () => subject.gateways(),
    level: (endpoint) => subject.level(endpoint),
    handled: () => subject.handled(),
    links: () => withCleanReasons(subject.links(), redact),
    channels: () => withCleanReasons(subject.channels(), redact),
    accounts: () =>
      subject.accounts().map((account) => ({
        id: account.id,
        token: () => {
          const token = account.token();
          const fault = token?.fault ?? null;
          return token === null || fault === null ? token : { ...token, fault: redact(fault) };
        },
      })),
  };
}

function withCleanReasons<Key, State extends LinkState | ChannelState>(
  states: ReadonlyMap<Key, State>,
  redact: (text: string) => string,
): ReadonlyMap<Key, State> {
  return new Map(
    [...states].map(([key, state]) => [
      key,
      "reason" in state ? { ...state, reason: redact(state.reason) } : state,
    ]),
  );
}
