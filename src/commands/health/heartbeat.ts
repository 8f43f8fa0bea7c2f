import { DeadlineError, withDeadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { AccountId, EndpointId } from "../../relay/port/ids.ts";
import type { ChannelState, LinkState } from "../../relay/port/observer.ts";
import type { DataDirectory } from "../../store/files/data_directory.ts";
import {
  type AccountHealth,
  encodeHealth,
  HEALTH_FILE,
  type HealthRecord,
} from "./health_record.ts";
import type { ServiceManager } from "./service_manager.ts";

/** What the heartbeat looks at. */
interface Pulse {
  links(): ReadonlyMap<AccountId, LinkState>;
  channels(): ReadonlyMap<EndpointId, ChannelState>;
  /** Resolves when the core has handled what is there; does not when it is stuck. */
  handled(): Promise<void>;
}

interface HeartbeatOptions {
  readonly pulse: Pulse;
  readonly data: DataDirectory;
  readonly manager: ServiceManager;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A core that answers later than this is stuck: no sign of life is given for it. */
const LONGEST_ANSWER_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const BEAT_EVERY_MS = 10_000;

/**
 * Says how the relay stands until `signal` aborts: to the health file, for `kosmi-relay health`, and to the service
 * manager. The file is written when something has changed, else only its time is. It is removed at the end. Never rejects.
 */
export async function keepHeartbeat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { clock, data, pulse, manager } = options;
  const file = new HealthFile(options);
  manager.ready();
  try {
    while (!signal.aborted) {
      if (await coreAnswers(options, signal)) {
        const accounts = accountsOf(pulse, clock.now());
        manager.beat(statusLine(accounts));
        if (data.writable) await file.keep(accounts);
      }
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  } catch {
    // Only the end of the signal gets here.
  } finally {
    manager.stopping();
    if (data.writable) await data.remove(HEALTH_FILE).catch(() => false);
  }
}

async function coreAnswers(options: HeartbeatOptions, signal: AbortSignal): Promise<boolean> {
  const { clock, pulse, log } = options;
  const limit = { clock, signal, limitMs: LONGEST_ANSWER_MS, action: "hear from the core" };
  try {
    await withDeadline(limit, () => pulse.handled());
    return true;
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    log.error("{error}. Please report this", { error: error.message });
    return false;
  }
}

/** The file, and what it says. A disk that is full now may have room later: faults are told once and tried again. */
class HealthFile {
  readonly #options: HeartbeatOptions;
  readonly #startedAtMs: number;
  #accounts: readonly AccountHealth[] = [];
  #writtenAtMs = -Infinity;
  #isFaulty = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.now();
  }

  async keep(now: readonly AccountHealth[]): Promise<void> {
    const { clock, log } = this.#options;
    const accounts = now.map((account) => this.#lasting(account));
    const changed = JSON.stringify(accounts) !== JSON.stringify(this.#accounts);
    if (!changed && clock.monotonic() - this.#writtenAtMs < BEAT_EVERY_MS) return;
    try {
      await this.#write(accounts, changed || this.#isFaulty);
      this.#isFaulty = false;
    } catch (error) {
      if (!this.#isFaulty) {
        log.warn(
          "Cannot write the health file, kosmi-relay health can't tell how this runs: {error}",
          {
            error: describeError(error),
          },
        );
      }
      this.#isFaulty = true;
    }
    this.#accounts = accounts;
    this.#writtenAtMs = clock.monotonic();
  }

  /** An account that stands as before keeps its time: attempts come and go, the outage began once. */
  #lasting(account: AccountHealth): AccountHealth {
    const before = this.#accounts.find((one) => one.account === account.account);
    if (before === undefined || before.relaying !== account.relaying) return account;
    return { ...account, sinceMs: before.sinceMs };
  }

  async #write(accounts: readonly AccountHealth[], changed: boolean): Promise<void> {
    const { data, clock, version } = this.#options;
    if (changed) {
      const record: HealthRecord = { version, startedAtMs: this.#startedAtMs, accounts };
      return await data.write(HEALTH_FILE, encodeHealth(record));
    }
    const now = new Date(clock.now());
    await Deno.utime(`${data.path}/${HEALTH_FILE}`, now, now);
  }
}

function accountsOf(pulse: Pulse, nowMs: number): AccountHealth[] {
  const missing = missingChannels(pulse);
  return [...pulse.links()].map(([account, link]) => {
    const names = missing.get(account);
    const note = link.kind !== "ready"
      ? noteOf(link)
      : names === undefined
      ? "relaying"
      : `not in ${names.join(", ")}`;
    return { account, relaying: note === "relaying", sinceMs: nowMs, note };
  });
}

/** By account, in one pass over all channels: a relay may have thousands. */
function missingChannels(pulse: Pulse): ReadonlyMap<string, string[]> {
  const missing = new Map<string, string[]>();
  for (const [endpoint, { kind }] of pulse.channels()) {
    if (kind !== "down") continue;
    const space = endpoint.indexOf(" ");
    const [account, name] = [endpoint.slice(0, space), endpoint.slice(space + 1)];
    const names = missing.get(account);
    if (names === undefined) missing.set(account, [name]);
    else names.push(name);
  }
  return missing;
}

function noteOf(link: Exclude<LinkState, { kind: "ready" }>): string {
  return link.kind === "refused" ? "refused (the log says why)" : "not connected";
}

function statusLine(accounts: readonly AccountHealth[]): string {
  return accounts.map(({ account, note }) => `${account}: ${note}`).join("; ");
}
