import { spanInWords } from "../../base/times.ts";
import type { AccountId, EndpointId } from "../../relay/port/ids.ts";
import type { ChannelState, LinkState } from "../../relay/port/observer.ts";
import type { MinuteView } from "../counts/last_hour.ts";
import type { EndpointCounts, RelayMeter } from "../counts/meter.ts";
import type { RecentEvent } from "../counts/recent_events.ts";
import type { StatusSubject, SubjectGateway, SubjectPlace, TokenView } from "../counts/subject.ts";

/** How something is: shown by colour, sign and word, never by colour alone. */
export type Health = "good" | "busy" | "bad" | "off";

export interface AccountView {
  readonly id: AccountId;
  readonly health: Health;
  /** "connected as relay", "next try in 12 s". */
  readonly state: string;
  /** Since when it is connected, or since when it is not. */
  readonly sinceMs: number | null;
  readonly lastError: { readonly reason: string; readonly atMs: number } | null;
  readonly roundTripMs: number | null;
  readonly reconnects: number;
  readonly token: { readonly health: Health; readonly words: string } | null;
}

export interface PlaceView {
  readonly account: AccountId;
  readonly written: string;
  readonly direction: "in" | "out" | "inout";
  readonly health: Health;
  readonly state: string;
  /** Messages read there; those of other gateways with the same place are among them. */
  readonly received: number;
  /** What of them went nowhere, and what came again and is not among them. */
  readonly aside: Pick<EndpointCounts, "commands" | "ignored" | "duplicates">;
  readonly delivered: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly oldestMs: number | null;
}

export interface GatewayView {
  readonly name: string;
  readonly places: readonly PlaceView[];
}

/** Everything that the page shows, at one moment. */
export interface StatusView {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly verdict: { readonly health: Health; readonly words: string; readonly more: string };
  readonly accounts: readonly AccountView[];
  readonly gateways: readonly GatewayView[];
  readonly minutes: readonly MinuteView[];
  readonly recent: readonly RecentEvent[];
  /** Places by their endpoint, for the events. */
  readonly places: ReadonlyMap<EndpointId, PlaceView>;
}

const DAY_MS = 86_400_000;
const WARN_TOKEN_DAYS = 7;

/** Looks at everything once. */
export function statusView(subject: StatusSubject, meter: RelayMeter, nowMs: number): StatusView {
  const links = subject.links();
  const accounts = subject.accounts().map(({ id, token }) =>
    accountView(id, links.get(id) ?? { kind: "idle" }, { meter, token: token(), nowMs })
  );
  const places = new Map<EndpointId, PlaceView>();
  const gateways = subject.gateways().map((gateway) => ({
    name: gateway.name,
    places: gateway.places.map((place) => {
      const view = placeView(subject, meter, { gateway, place, nowMs });
      places.set(place.endpoint, view);
      return view;
    }),
  }));
  return {
    version: subject.version,
    startedAtMs: subject.startedAtMs,
    nowMs,
    verdict: verdictOf(accounts, [...places.values()]),
    accounts,
    gateways,
    minutes: meter.hour.view(nowMs),
    recent: meter.recent.newest(),
    places,
  };
}

function accountView(
  id: AccountId,
  state: LinkState,
  { meter, token, nowMs }: {
    readonly meter: RelayMeter;
    readonly token: TokenView | null;
    readonly nowMs: number;
  },
): AccountView {
  const link = meter.link(id);
  return {
    id,
    health: healthOf(state),
    state: stateInWords(state, nowMs),
    sinceMs: link.sinceMs,
    lastError: link.lastError,
    roundTripMs: link.roundTripMs,
    reconnects: link.reconnects,
    token: token === null ? null : tokenView(token, nowMs),
  };
}

function healthOf({ kind }: LinkState): Health {
  switch (kind) {
    case "ready":
      return "good";
    case "refused":
      return "bad";
    case "connecting":
    case "waiting":
      return "busy";
    default:
      return "off";
  }
}

function stateInWords(state: LinkState, nowMs: number): string {
  switch (state.kind) {
    case "idle":
      return "not started yet";
    case "connecting":
      return state.attempt > 1 ? `connecting, attempt ${state.attempt}` : "connecting";
    case "ready":
      return `connected as ${state.self}`;
    case "waiting":
      return `not connected, next try in ${spanInWords(state.untilMs - nowMs)}`;
    case "refused":
      return `action needed; next try in ${spanInWords(state.untilMs - nowMs)}`;
    case "stopped":
      return "stopped";
  }
}

function tokenView(token: TokenView, nowMs: number): AccountView["token"] {
  if (token.fault !== null) return { health: "bad", words: token.fault };
  if (token.origin === null) return { health: "busy", words: "none yet" };
  const kind = token.origin === "anonymous" ? "anonymous visitor" : "";
  if (token.expiresAtMs === null) {
    return { health: "good", words: kind || "no expiry date" };
  }
  const days = Math.floor((token.expiresAtMs - nowMs) / DAY_MS);
  const health = days < 0 ? "bad" : days < WARN_TOKEN_DAYS ? "busy" : "good";
  const left = days < 0 ? "expired" : days === 1 ? "1 day left" : `${days} days left`;
  return { health, words: kind === "" ? left : `${kind}, ${left}` };
}

function placeView(
  subject: StatusSubject,
  meter: RelayMeter,
  { gateway, place, nowMs }: {
    readonly gateway: SubjectGateway;
    readonly place: SubjectPlace;
    readonly nowMs: number;
  },
): PlaceView {
  const { endpoint, account, written, direction } = place;
  const { waiting, oldestAcceptedAtMs } = subject.level(endpoint);
  const { delivered, dropped } = meter.deliveries(gateway.name, endpoint);
  const read = meter.endpoint(endpoint);
  const state = subject.channels().get(endpoint);
  return {
    account,
    written,
    direction,
    health: channelHealth(state),
    state: state === undefined ? "not joined" : state.kind === "up" ? "joined" : state.reason,
    received: read.events.get("message") ?? 0,
    aside: read,
    delivered,
    dropped: dropped.limits + dropped.rejected + dropped.fault,
    waiting,
    oldestMs: oldestAcceptedAtMs === null ? null : Math.max(0, nowMs - oldestAcceptedAtMs),
  };
}

function channelHealth(state: ChannelState | undefined): Health {
  if (state === undefined) return "off";
  if (state.kind === "up") return "good";
  return state.mend === "person" ? "bad" : "busy";
}

function verdictOf(
  accounts: readonly AccountView[],
  places: readonly PlaceView[],
): StatusView["verdict"] {
  const away = accounts.filter((account) => account.health !== "good");
  const closed = places.filter((place) =>
    place.health !== "good" && !away.some((account) => account.id === place.account)
  );
  const waiting = places.reduce((sum, place) => sum + place.waiting, 0);
  const more = waiting === 0
    ? ""
    : `${waiting} ${waiting === 1 ? "message waits" : "messages wait"}`;
  if (away.length === 0 && closed.length === 0) {
    return { health: "good", words: "Everything is connected", more };
  }
  const broken = [...away, ...closed].some(({ health }) => health === "bad");
  const names = [...away.map(({ id }) => id), ...closed.map(({ written }) => written)];
  const words = away.length === accounts.length
    ? "Nothing is connected"
    : `Not connected: ${names.join(", ")}`;
  return { health: broken ? "bad" : "busy", words, more };
}
