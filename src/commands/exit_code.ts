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
