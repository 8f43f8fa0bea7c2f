import type { Clock } from "../../base/clock.ts";
import type { Config } from "../../config/types.ts";
import type { Logging } from "../../observability/logging.ts";
import type { DataDirectory } from "../../store/data_directory.ts";
import type { ClockSample } from "./clock_skew.ts";

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
}

/** What is said with --send. */
export const TEST_LINE = "kosmi-relay doctor: this is a test message.";
