import type { Command } from "commander";

/** Options of every command. */
export interface CommonOptions {
  /** The configuration file; where none was named, the first of the usual ones that is there. */
  readonly conf: string;
  readonly debug: boolean;
}

/** What a command's registration may use. */
export interface Registrar {
  readonly program: Command;
  /** Aborts when the program must end. */
  readonly stopping: AbortSignal;
  /** Says how the command ended. */
  done(code: ExitCode): void;
  /** The options of every command, as they were given; only inside an action. */
  common(): CommonOptions;
}

/** Adds a command, with its help and its examples, to the program. */
export type Registration = (registrar: Registrar) => void;

/** What the program's exit status means. */
export const EXIT = {
  /** Did what was asked; for `run`: stopped by a signal, cleanly. */
  ok: 0,
  /** Could not go on: data directory in use, no right to it, a login that failed … */
  failed: 1,
  /** The command line or the configuration is wrong: nothing was started. */
  usage: 2,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];
