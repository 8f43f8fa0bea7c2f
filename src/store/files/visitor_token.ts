import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { DataDirectory } from "./data_directory.ts";
import { ownFile } from "./file_names.ts";

const MAX_BYTES = 64 * 1024;

/** The token of an account's anonymous visitor, kept over restarts. */
export interface VisitorToken {
  /** Null when there is none that can be read. */
  load(): Promise<string | null>;
  /** Null forgets it. */
  save(token: string | null): Promise<void>;
}

/**
 * An anonymous visitor's token in the data directory. It is no login, but who loses it comes back as a stranger and no
 * longer knows their own messages. What can't be read or written is said, and is no reason not to go on.
 */
export function visitorToken(
  directory: DataDirectory,
  account: string,
  isToken: (text: string) => boolean,
  log: Logger,
): VisitorToken {
  const file = ownFile("kosmi_visitor_token", account);
  const complain = (error: unknown) =>
    log.warn("Cannot keep the anonymous visitor's token: {error}", { error: describeError(error) });
  const write = async (token: string | null) => {
    if (token === null) await directory.remove(file);
    else await directory.write(file, new TextEncoder().encode(`${token}\n`));
  };
  let turn = Promise.resolve();
  return {
    async load() {
      try {
        const bytes = await directory.read(file, MAX_BYTES);
        const text = bytes === null ? "" : new TextDecoder().decode(bytes).trim();
        return isToken(text) ? text : null;
      } catch (error) {
        complain(error);
        return null;
      }
    },
    save: (token) => turn = turn.then(() => write(token)).catch(complain),
  };
}
