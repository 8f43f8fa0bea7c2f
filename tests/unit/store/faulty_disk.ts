import { DatabaseSync, type StatementSync } from "node:sqlite";

export type DiskFault = "full" | "unwritable" | "damaged";

const ERRORS = {
  full: { errcode: 13, message: "database or disk is full" },
  unwritable: { errcode: 778, message: "disk I/O error" },
  damaged: { errcode: 11, message: "database disk image is malformed" },
};

/** SQLite on a disk that fails on demand: real files and real statements, but for the moment of the fault. */
export class FaultyDisk {
  #fault: DiskFault | null = null;
  #statementsLeft = 0;

  /** The fault shows after so many more writing statements; a damaged file is one error, the others last. */
  breakAfter(statements: number, fault: DiskFault): void {
    this.#fault = fault;
    this.#statementsLeft = statements;
  }

  mend(): void {
    this.#fault = null;
  }

  readonly open = (path: string): DatabaseSync => {
    const check = (sql: string) => this.#check(sql);
    return new class extends DatabaseSync {
      override exec(sql: string): void {
        check(sql);
        super.exec(sql);
      }
      override prepare(sql: string): StatementSync {
        return watched(super.prepare(sql), () => check(sql));
      }
    }(path);
  };

  #check(sql: string): void {
    if (this.#fault === null || !/^\s*(INSERT|UPDATE|DELETE|BEGIN|COMMIT|CREATE)/.test(sql)) return;
    if (this.#statementsLeft-- > 0) return;
    const { errcode, message } = ERRORS[this.#fault];
    if (this.#fault === "damaged") this.#fault = null;
    throw Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
  }
}

function watched(statement: StatementSync, check: () => void): StatementSync {
  return new Proxy(statement, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        check();
        return Reflect.apply(value, target, args);
      };
    },
  });
}
