import type { Command } from "commander";
import type { ExitCode } from "./exit_code.ts";

/** Options of every command. */
export interface CommonOptions {
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
