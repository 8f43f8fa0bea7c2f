import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { EndpointId } from "../../relay/port/ids.ts";
import type { MessageRow } from "./copy_table.ts";
import {
  type Durability,
  LogSync,
  type OpenLog,
  openLogFile,
  type StoreDatabase,
} from "./database.ts";
import {
  openDamagedFile,
  openDatabaseFile,
  type OpenHandle,
  openMemoryDatabase,
  openSqliteHandle,
  setAside,
} from "./database_file.ts";
import { type DamageReport, faultOf, type StoreFault, StoreNotices } from "./store_fault.ts";
import { IdSequence, StoreState } from "./store_state.ts";
import { bringBack, type Carried, carryOver } from "./transfer.ts";

interface StoreHomeOptions {
  /** Null: memory only. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openHandle?: OpenHandle;
  readonly openLog?: OpenLog | null;
}

/** How long the store stays in memory before it tries the disk again; doubles with every failure. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** A file that breaks twice within this time is not replaced at once: the disk itself is bad. */
const DAMAGE_PAUSE_MS = 60_000;

/** Ids that are set aside with every move into memory: also for the call in which the move happens. */
const IDS_AWAY = 1_000_000;

/** A stay in memory while the disk can't be used. */
interface Away {
  readonly carried: Carried;
  /** The database that was left, for looking up old links; null when it can't even be read. */
  archive: StoreDatabase | null;
  /** What was taken over before this instant is forgotten, also in what was left on the disk. */
  forgottenBeforeMs: number;
  waitMs: number;
  nextTryMs: number;
}

/**
 * Where the database is at the moment: on the disk or, while the disk is full or broken, in memory with all that was
 * open. Every access goes through here; the move happens inside of it, and the access is then made where we are.
 */
export class Failover {
  readonly #path: string | null;
  readonly #clock: Clock;
  readonly #notices: StoreNotices;
  readonly #openHandle: OpenHandle;
  readonly #openLog: OpenLog | null;
  /** What went wrong when the log was brought to the disk: the next access finds it. */
  #syncFault: { readonly thrown: unknown } | null = null;
  #database: StoreDatabase;
  #state: StoreState;
  #ids: IdSequence;
  #away: Away | null = null;
  #damagedAtMs = Number.NEGATIVE_INFINITY;

  /** Throws StoreRefusedError, or Deno.errors.NotCapable. */
  constructor(options: StoreHomeOptions) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#notices = new StoreNotices(options.log, options.path ?? ":memory:");
    this.#openHandle = options.openHandle ?? openSqliteHandle;
    this.#openLog = options.openLog === undefined ? openLogFile : options.openLog;
    const { path } = options;
    const disk = path === null ? null : this.#openFirst(path);
    this.#database = disk?.database ?? openMemoryDatabase();
    this.#state = disk?.state ?? new StoreState();
    this.#ids = new IdSequence(disk?.nextId ?? 1);
    disk?.instead?.();
  }

  get state(): StoreState {
    return this.#state;
  }

  /** While the store is in memory: tells it what to forget in the database that was left. */
  forgetInArchive(takenBeforeMs: number): void {
    const away = this.#away;
    if (away !== null) away.forgottenBeforeMs = Math.max(away.forgottenBeforeMs, takenBeforeMs);
  }

  /** A message in the database that was left. */
  messageFromArchive(look: (archive: StoreDatabase) => MessageRow | null): MessageRow | null {
    const message = this.fromArchive(look);
    const forgottenBeforeMs = this.#away?.forgottenBeforeMs ?? Number.NEGATIVE_INFINITY;
    return message !== null && message.takenAtMs >= forgottenBeforeMs ? message : null;
  }

  /** Looks into the database that was left while the store is in memory; null where there is none to look into. */
  fromArchive<T>(look: (archive: StoreDatabase) => T | null): T | null {
    const away = this.#away;
    if (away === null || away.archive === null) return null;
    try {
      return look(away.archive);
    } catch (thrown) {
      if (faultOf(thrown) === null) throw thrown;
      away.archive.close();
      away.archive = null;
      return null;
    }
  }

  read<T>(work: (database: StoreDatabase) => T): T {
    return this.#steadily(() => work(this.#database));
  }

  /**
   * One transaction, for which these endpoints have numbers. `work` may run twice (on the disk, then in memory): it
   * must not change anything but the database; `apply` runs once it is committed.
   */
  write<T>(
    durability: Durability,
    endpoints: readonly EndpointId[],
    work: (database: StoreDatabase) => T,
    apply: (result: T) => void = () => {},
  ): T {
    const result = this.#steadily(() => {
      for (const name of endpoints) this.#giveNumber(name);
      return this.#database.transaction(durability, () => work(this.#database));
    });
    apply(result);
    return result;
  }

  /** Reserves ids for the `takeId` calls of one `write`. */
  reserveIds(count: number): void {
    this.#ids.reserve(count, (reserved) => {
      this.write("soon", [], (database) => database.state.setNextId(reserved));
    });
  }

  takeId(): number {
    return this.#ids.take();
  }

  /** Brings to the disk what no settlement took along. */
  syncOverdue(): void {
    this.#database.syncOverdue();
  }

  /** The number of an endpoint that `write` was told of. */
  number(endpoint: EndpointId): number {
    const number = this.#state.endpoint(endpoint);
    if (number === null) throw new Error(`Cannot find endpoint ${endpoint}: it has no number`);
    return number;
  }

  /** Tries to be on the disk at the end, and says what is lost otherwise. */
  close(): void {
    if (this.#away !== null && !this.#tryReturn()) {
      this.#notices.lostAtTheEnd(this.#state.outboxSize());
    }
    this.#away?.archive?.close();
    this.#database.close();
  }

  #steadily<T>(work: () => T): T {
    if (this.#away !== null && this.#clock.monotonic() >= this.#away.nextTryMs) this.#tryReturn();
    const syncFault = this.#syncFault;
    this.#syncFault = null;
    if (syncFault !== null) this.#leave("unwritable", syncFault.thrown);
    try {
      return work();
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault === null || this.#path === null || this.#away !== null) throw thrown;
      const made = fault === "full" ? this.#inReserve(work) : null;
      if (made !== null) return made.result;
      this.#leave(fault, thrown);
      return work();
    }
  }

  #leave(fault: StoreFault, thrown: unknown): void {
    if (this.#path === null || this.#away !== null) return;
    const disk = this.#database;
    this.#database = openMemoryDatabase();
    this.#goOnInMemory(this.#path, fault, thrown, disk);
  }

  /** Tries again in the room that the file and its log have already; null when that is used up too. */
  #inReserve<T>(work: () => T): { readonly result: T } | null {
    try {
      this.#database.emptyLog();
      return { result: work() };
    } catch (thrown) {
      if (faultOf(thrown) === null) throw thrown;
      return null;
    }
  }

  #giveNumber(name: EndpointId): void {
    if (this.#state.endpoint(name) !== null) return;
    const id = Math.max(0, ...this.#state.endpoints().keys()) + 1;
    this.#database.transaction("soon", () => this.#database.state.addEndpoint(id, name));
    this.#state.addEndpoint(id, name);
  }

  /** The database on the disk; where it can't be used, what is to be done `instead` once there is one in memory. */
  #openFirst(path: string): {
    readonly database: StoreDatabase | null;
    readonly state: StoreState | null;
    readonly nextId: number;
    readonly instead: (() => void) | null;
  } {
    try {
      const loaded = this.#load(this.#open(path));
      return { ...loaded, nextId: loaded.database.state.nextId(), instead: null };
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault === null) throw thrown;
      const damaged = fault === "damaged" ? openDamagedFile(path, this.#openHandle) : null;
      const instead = () => this.#goOnInMemory(path, fault, thrown, damaged);
      return { database: null, state: null, nextId: 1, instead };
    }
  }

  #open(path: string): StoreDatabase {
    const openLog = this.#openLog;
    const failed = (thrown: unknown) => void (this.#syncFault = { thrown });
    const sync = openLog === null
      ? null
      : new LogSync({ path: `${path}-wal`, openLog, clock: this.#clock, failed });
    return openDatabaseFile(path, this.#openHandle, sync);
  }

  #load(database: StoreDatabase): { readonly database: StoreDatabase; readonly state: StoreState } {
    try {
      return { database, state: StoreState.load(database) };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  #settleIn(disk: StoreDatabase): void {
    const { state } = this.#load(disk);
    this.#state = state;
    this.#database.close();
    this.#database = disk;
  }

  #goOnInMemory(
    path: string,
    fault: StoreFault,
    thrown: unknown,
    disk: StoreDatabase | null,
  ): void {
    const before = this.#state;
    const expected = before.outboxSizes();
    const carried = carryOver(disk, this.#database, before);
    this.#state = StoreState.load(this.#database);
    // What can't be read may hold ids: without its count, start above all that can have been given out.
    const firstId = disk === null ? this.#clock.now() * 1_000 : this.#ids.reserved;
    this.#database.state.setNextId(firstId);
    const nextId = this.#database.state.nextId();
    this.#database.state.setNextId(nextId + IDS_AWAY);
    this.#ids = new IdSequence(nextId, nextId + IDS_AWAY);
    const nextTryMs = this.#clock.monotonic() + FIRST_RETRY_MS;
    this.#away = {
      carried,
      archive: disk,
      forgottenBeforeMs: Number.NEGATIVE_INFINITY,
      waitMs: FIRST_RETRY_MS,
      nextTryMs,
    };
    if (fault === "damaged") this.#replaceDamaged(path, thrown, expected);
    else this.#notices.inMemory(fault, thrown);
  }

  #replaceDamaged(path: string, thrown: unknown, expected: ReadonlyMap<number, number>): void {
    let lost = 0;
    for (const [endpoint, count] of expected) {
      const missing = count - this.#state.outboxSize(endpoint);
      if (missing <= 0) continue;
      lost += missing;
      this.#database.state.addDropped(endpoint, missing);
    }
    const nowMs = this.#clock.monotonic();
    const again = nowMs - this.#damagedAtMs < DAMAGE_PAUSE_MS;
    this.#damagedAtMs = nowMs;
    const next = again
      ? "It was damaged a moment ago already: the relay goes on in memory for now"
      : "The relay goes on with a new one";
    this.#setAside(path, thrown, { kept: this.#state.outboxSize(), lost, next });
    if (!again) this.#tryReturn();
  }

  #setAside(path: string, thrown: unknown, report: DamageReport): void {
    const away = this.#away;
    away?.archive?.close();
    if (away !== null) away.archive = null;
    try {
      this.#notices.damaged(thrown, setAside(path, this.#clock.now()), report);
    } catch (failure) {
      this.#notices.damagedAndStuck(thrown, failure, report);
    }
  }

  #tryReturn(): boolean {
    const away = this.#away;
    const path = this.#path;
    if (away === null || path === null) return true;
    try {
      away.archive ??= this.#open(path);
      bringBack(this.#database, away.archive, this.#state, away);
      this.#settleIn(away.archive);
    } catch (thrown) {
      this.#stayAway(away, path, thrown);
      return false;
    }
    this.#away = null;
    this.#notices.onDisk(this.#state.outboxSize());
    return true;
  }

  #stayAway(away: Away, path: string, thrown: unknown): void {
    const fault = faultOf(thrown);
    this.#notices.stillInMemory(thrown);
    // A full disk's file can still be read; another fault may be cured only by opening it anew.
    if (fault !== "full") {
      away.archive?.close();
      away.archive = null;
    }
    if (fault === "damaged") {
      const kept = this.#state.outboxSize();
      const next = "The relay goes on in memory for now";
      this.#setAside(path, thrown, { kept, lost: 0, next });
    }
    away.nextTryMs = this.#clock.monotonic() + away.waitMs;
    away.waitMs = Math.min(away.waitMs * 2, LONGEST_RETRY_MS);
  }
}
