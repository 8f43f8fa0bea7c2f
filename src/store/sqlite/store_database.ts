import type { DatabaseSync } from "node:sqlite";
import { LinkTable } from "./link_table.ts";
import { OutboxTable } from "./outbox_table.ts";
import { StateTable } from "./state_table.ts";
import type { Durability, SyncPolicy } from "./sync_policy.ts";

/** One open database of the current schema with its prepared statements. */
export class StoreDatabase {
  readonly outbox: OutboxTable;
  readonly links: LinkTable;
  readonly state: StateTable;
  readonly #handle: DatabaseSync;
  readonly #begin;
  readonly #commit;
  readonly #sync: SyncPolicy;
  #synchronous: boolean | null = null;
  #open = true;

  /** Takes the handle over. Throws what SQLite throws when a table is missing or different. */
  constructor(handle: DatabaseSync, sync: SyncPolicy) {
    this.#handle = handle;
    this.#sync = sync;
    this.outbox = new OutboxTable(handle);
    this.links = new LinkTable(handle);
    this.state = new StateTable(handle);
    this.#begin = handle.prepare("BEGIN IMMEDIATE");
    this.#commit = handle.prepare("COMMIT");
  }

  /** All of `work` or nothing. Rethrows what went wrong. */
  transaction<T>(durability: Durability, work: () => T): T {
    const synchronous = this.#sync.isDue(durability);
    this.#setSynchronous(synchronous);
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      this.#sync.committed(synchronous);
      return result;
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  /** Gives back to the file system up to `pages` pages that hold nothing, but for `reserve` of them. */
  shrink(pages: number, reserve: number): void {
    const free = Number(this.#handle.prepare("PRAGMA freelist_count").get()?.["freelist_count"]);
    const surplus = Math.min(pages, free - reserve);
    if (surplus > 0) this.#handle.exec(`PRAGMA incremental_vacuum(${surplus})`);
  }

  /** Moves the log into the file, so that it starts again from its front without growing. */
  emptyLog(): void {
    this.#handle.exec("PRAGMA wal_checkpoint(RESTART)");
  }

  /** Idempotent; a file that can't even be closed is left to the end of the process. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#handle.close();
    } catch {
      // Nothing can be done for this file; whoever closes it has said what is wrong.
    }
  }

  #setSynchronous(synchronous: boolean): void {
    if (synchronous === this.#synchronous) return;
    // `exec`, because SQLite acts on this pragma when it compiles it, not when it runs it.
    this.#handle.exec(`PRAGMA synchronous = ${synchronous ? "FULL" : "NORMAL"}`);
    this.#synchronous = synchronous;
  }

  #rollBack(): void {
    try {
      this.#handle.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself after some errors.
    }
  }
}
