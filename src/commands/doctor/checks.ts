import type { Clock } from "../../base/clock.ts";
import { AdvisedError, describeError } from "../../base/errors.ts";
import type { Config } from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import type { BridgeHost } from "../../relay/port/bridge.ts";
import type { DataDirectory } from "../../store/files/data_directory.ts";
import type { RowWriter } from "./rows.ts";

/** What every check of a run may use. */
export interface DoctorContext {
  readonly config: Config;
  /** Opened to look only, unless a login may be made; null when it can't be opened. */
  readonly data: DataDirectory | null;
  /** The pid of the relay that runs on the data directory; null when none runs (or it did not say). */
  readonly beside: { readonly pid: number | null } | null;
  readonly logging: Logging;
  readonly clock: Clock;
  /** What other clocks say, gathered for one row at the end. */
  readonly clocks: ClockSample[];
  /** A browser login may be made where no good token is cached. */
  readonly login: boolean;
  /** A line of text may be said in the rooms and channels. */
  readonly send: boolean;
  /** Also what is only good to know. */
  readonly verbose: boolean;
  /** What a maintainer is told, by account; null when nobody asked for it. */
  readonly reports: Map<string, object> | null;
}

/** The core's side of a bridge that is only looked at: it hears these calls and no other. */
export function hearing(calls: Partial<BridgeHost>): BridgeHost {
  return {
    channels: () => [],
    cursor: () => null,
    linkUp: () => {},
    channelUp: () => {},
    channelDown: () => {},
    event: () => {},
    latency: () => {},
    stored: () => Promise.resolve(),
    ...calls,
  };
}

/** What is said with --send. */
export const TEST_LINE = "kosmi-relay doctor: this is a test message.";

/** What another clock said, and what ours said at that moment. Milliseconds since the UNIX epoch. */
interface ClockSample {
  readonly source: string;
  readonly serverMs: number;
  readonly ourMs: number;
}

/** Whole seconds in headers and the way there: so much says nothing of a clock. */
const NEAR_MS = 15_000;
/** From here on history is cut at the wrong place and tokens are taken for good or bad too early. */
const FAR_MS = 5 * 60_000;

/** One row for the clock. When services do not agree, the one that is right is not known: then ours is not blamed. */
export function checkClock(samples: readonly ClockSample[], rows: RowWriter): void {
  const [first] = samples;
  if (first === undefined) return rows.skipped("clock", "no service told the time");
  const offsets = samples.map((one) => ({ ...one, offMs: one.ourMs - one.serverMs }));
  const off = offsets.filter(({ offMs }) => Math.abs(offMs) > NEAR_MS);
  if (off.length === 0) {
    return rows.ok("clock", `agrees with ${samples.map(({ source }) => source).join(", ")}`);
  }
  const seen = off.map(({ source, offMs }) => `${span(offMs)} than that of ${source}`).join(", ");
  if (off.length < offsets.length) {
    return rows.warn(
      "clock",
      `this machine's clock is ${seen}, and agrees with the others`,
      "look at that service's clock: messages caught up from its history may be cut too early or too late",
    );
  }
  const isFar = off.some(({ offMs }) => Math.abs(offMs) > FAR_MS);
  rows[isFar ? "broken" : "warn"](
    "clock",
    `this machine's clock is ${seen}`,
    "set the clock of this machine (timedatectl set-ntp true)",
  );
}

function span(offMs: number): string {
  const seconds = Math.round(Math.abs(offMs) / 1_000);
  const units: readonly [seconds: number, word: string][] = [[86_400, "days"], [3_600, "h"], [
    60,
    "min",
  ]];
  const unit = units.find(([size]) => seconds >= 2 * size);
  const amount = unit === undefined
    ? `${seconds} s`
    : `${Math.round(seconds / unit[0])} ${unit[1]}`;
  return `${amount} ${offMs > 0 ? "later" : "earlier"}`;
}

/** What an error says was seen, and what to do: its own remedy, else `otherwise`. */
export function adviceOf(thrown: unknown, otherwise: string): { seen: string; remedy: string } {
  if (!(thrown instanceof AdvisedError)) return { seen: describeError(thrown), remedy: otherwise };
  return { seen: thrown.seen, remedy: thrown.remedy ?? otherwise };
}
