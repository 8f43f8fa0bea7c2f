import type { ChannelId } from "../../../relay/port/ids.ts";
import { foldCase } from "../link/server_features.ts";

/** Longer than any server allows. */
const LONGEST_NAME = 200;

/**
 * A channel's id from its name in the configuration: lower case, as Matterbridge has it. Only ASCII letters are
 * folded here, because the server's own rule is not known before the connection.
 */
export function channelIdOf(written: string): ChannelId {
  const name = written.trim();
  const problem = problemOf(name);
  if (problem !== null) {
    throw new Error(`Cannot use "${printable(name)}" as an IRC channel: ${problem}`);
  }
  return foldCase("ascii", name) as ChannelId;
}

function problemOf(name: string): string | null {
  if (name === "") return "it is empty; write its name, such as #cinema";
  if (!/^[#&+!]/.test(name)) return "its name must begin with #; write it as #name";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20,\x7f]/.test(name)) return "a name has no spaces, commas or control characters";
  if (name.length > LONGEST_NAME) return `a name has at most ${LONGEST_NAME} characters`;
  return null;
}

function printable(name: string): string {
  // deno-lint-ignore no-control-regex
  return name.replace(/[\x00-\x1f\x7f]/g, "?").slice(0, 80);
}
