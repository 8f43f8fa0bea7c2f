import { findProgram } from "./skip.ts";

/**
 * The command line that makes Linux kill the program when the test run is killed, so that no server or relay is left
 * behind. Where util-linux is missing the program runs as it is.
 */
export function dieWithParent(command: string, args: readonly string[]): [string, string[]] {
  const setpriv = findProgram("setpriv");
  if (setpriv === null) return [command, [...args]];
  return [setpriv, ["--pdeathsig", "KILL", "--", command, ...args]];
}
