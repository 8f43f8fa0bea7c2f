import type { Clock } from "../../base/clock.ts";
import type { ChannelState, LinkState } from "../../relay/port/observer.ts";
import { placesOf, type StatusSubject } from "./subject.ts";

/** What stands in the way of relaying everything. */
interface Readiness {
  readonly ready: boolean;
  readonly accounts: readonly ReadinessRow[];
  readonly channels: readonly (ReadinessRow & { readonly account: string })[];
}

interface ReadinessRow {
  /** The account, or the channel as it is written in the configuration. */
  readonly name: string;
  readonly ready: boolean;
  /** Why not, in plain words; null when ready. */
  readonly reason: string | null;
}

const IDLE: LinkState = { kind: "idle" };
const PATIENCE_MS = 1_000;

/** True when the core's loop comes round within a second. */
export async function isLive(
  subject: Pick<StatusSubject, "handled">,
  clock: Clock,
): Promise<boolean> {
  const timely = new AbortController();
  const tooLate = clock.sleep(PATIENCE_MS, timely.signal).then(() => false, () => false);
  const live = await Promise.race([subject.handled().then(() => true), tooLate]);
  timely.abort();
  return live;
}

/** Ready: every account is logged in, and every channel can be used. */
export function readiness(
  subject: Pick<StatusSubject, "accounts" | "gateways" | "links" | "channels">,
): Readiness {
  const links = subject.links();
  const states = subject.channels();
  const accounts = subject.accounts().map(({ id }) => {
    const state = links.get(id) ?? IDLE;
    const ready = state.kind === "ready";
    return { name: id, ready, reason: ready ? null : linkReason(state) };
  });
  const channels = placesOf(subject).map(({ endpoint, account, written }) => {
    const state = states.get(endpoint);
    const reason = state === undefined ? "not joined yet" : reasonOf(state);
    return { account, name: written, ready: reason === null, reason };
  });
  const ready = [...accounts, ...channels].every((row) => row.ready);
  return { ready, accounts, channels };
}

function linkReason(state: LinkState): string {
  switch (state.kind) {
    case "waiting":
    case "refused":
      return state.reason;
    case "connecting":
      return state.attempt > 1 ? `connecting, attempt ${state.attempt}` : "connecting";
    case "stopped":
      return "stopped";
    default:
      return "not started yet";
  }
}

function reasonOf(state: ChannelState): string | null {
  return state.kind === "up" ? null : state.reason;
}
