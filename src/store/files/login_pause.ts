import { createHash, randomBytes } from "node:crypto";
import * as v from "valibot";
import { formatRfc3339, parseRfc3339 } from "../../base/times.ts";
import type { DataDirectory } from "./data_directory.ts";
import { ownFile, sameEmail } from "./file_names.ts";

/** A login that is of no use for a while, because the service refused these credentials. */
interface LoginPause {
  /** Milliseconds since the UNIX epoch. */
  readonly untilMs: number;
  readonly reason: string;
}

/** Remembers over restarts that one email's password was refused. Neither call ever throws. */
export interface LoginPauseFile {
  /** Null when there is none, it is over, or the password has been changed since. */
  load(): Promise<LoginPause | null>;
  save(pause: LoginPause): Promise<void>;
  clear(): Promise<void>;
}

const PauseFile = v.object({
  email: v.string(),
  until: v.string(),
  reason: v.string(),
  salt: v.string(),
  mark: v.string(),
});
const MAX_BYTES = 16 * 1024;
/** A pause that ends later than any that is ever written comes from a clock that was wrong. */
const LONGEST_MS = 6 * 3_600_000;

/** The pause of one email, kept in the data directory. */
export function loginPauseFile(options: {
  readonly directory: DataDirectory;
  readonly email: string;
  readonly password: string;
  readonly now: () => number;
}): LoginPauseFile {
  const { directory, email, password, now } = options;
  const name = ownFile("kosmi_login_pause", email);
  return {
    async load() {
      const pause = await read(directory, name);
      if (pause === null || !sameEmail(pause.email, email)) return null;
      if (markOf(pause.salt, password) !== pause.mark) return null;
      const untilMs = parseRfc3339(pause.until) ?? 0;
      const leftMs = untilMs - now();
      return leftMs > 0 && leftMs <= LONGEST_MS ? { untilMs, reason: pause.reason } : null;
    },
    async save({ untilMs, reason }) {
      const salt = randomBytes(16).toString("hex");
      const content: v.InferOutput<typeof PauseFile> = {
        email,
        // Whole seconds: rounded up, so that nobody comes too early.
        until: formatRfc3339(untilMs + 999),
        reason,
        salt,
        mark: markOf(salt, password),
      };
      const bytes = new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
      // Without it the next start tries once more: no reason to disturb anybody.
      await directory.write(name, bytes).catch(() => {});
    },
    async clear() {
      await directory.remove(name).catch(() => {});
    },
  };
}

async function read(
  directory: DataDirectory,
  name: string,
): Promise<v.InferOutput<typeof PauseFile> | null> {
  try {
    const bytes = await directory.read(name, MAX_BYTES);
    if (bytes === null) return null;
    const file = v.safeParse(PauseFile, JSON.parse(new TextDecoder().decode(bytes)));
    return file.success ? file.output : null;
  } catch {
    return null;
  }
}

/**
 * Tells a changed password from the old one. So short (16 bits) that it is of no help in finding the password: one in
 * 65,536 others has the same.
 */
function markOf(salt: string, password: string): string {
  return createHash("sha256").update(`${salt} ${password}`).digest("hex").slice(0, 4);
}
