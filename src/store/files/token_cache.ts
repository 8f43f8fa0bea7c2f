import * as v from "valibot";
import type { Logger } from "../../base/log.ts";
import { formatRfc3339, parseRfc3339 } from "../../base/times.ts";
import type { DataDirectory } from "./data_directory.ts";
import { FIRST_TOKEN_FILE, normalEmail, ownTokenFile, sameEmail } from "./file_names.ts";
import { FileTooLargeError } from "./safe_file.ts";

/** What the cache holds for an email. */
export type CacheReading =
  | { readonly kind: "found"; readonly cached: CachedToken; readonly file: string }
  | { readonly kind: "missing" }
  /** Only a token of another email is there. */
  | { readonly kind: "otherEmail" }
  /** Nobody can read it as a token; it now has the name `setAsideAs` (null: it could not be renamed). */
  | { readonly kind: "corrupt"; readonly reason: string; readonly setAsideAs: string | null }
  /** It can't be opened (owner, link, disk). */
  | { readonly kind: "unreadable"; readonly reason: string };

/** The cached token of one email. */
export interface TokenCache {
  readonly email: string;
  /** Name of the file that `save` writes. */
  readonly file: string;
  /** Never throws. Sets a corrupt file aside, unless the directory is only looked at. */
  load(): Promise<CacheReading>;
  /** Throws a DataDirectoryError. */
  save(token: CachedToken): Promise<void>;
  /** Removes this email's token, a corrupt file included. False when there was none. Throws a DataDirectoryError. */
  clear(): Promise<boolean>;
}

interface TokenCachesOptions {
  readonly directory: DataDirectory;
  /** All configured emails, in the order of the configuration: the first has the seed's file name. */
  readonly emails: readonly string[];
  /** Whether a text can be a token at all. */
  readonly isToken: (text: string) => boolean;
  readonly now: () => number;
  readonly log: Logger;
  /** True leaves a corrupt file where it is. */
  readonly readOnly?: boolean;
}

/** Far more than a token needs. */
const MAX_BYTES = 64 * 1024;

type Content = CacheContent | { readonly kind: "missing" };

/**
 * The token caches of one data directory. Which email has the seed's file name depends on the order in the
 * configuration; when that changes, every token is still found and none is overwritten.
 */
export class TokenCaches {
  readonly #options: TokenCachesOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: TokenCachesOptions) {
    this.#options = options;
  }

  /** The cache of one of the configured emails. */
  of(email: string): TokenCache {
    const first = this.#options.emails[0];
    const own = ownTokenFile(email);
    const isFirst = first === undefined || sameEmail(first, email);
    const file = isFirst ? FIRST_TOKEN_FILE : own;
    const files = isFirst ? [FIRST_TOKEN_FILE, own] : [own, FIRST_TOKEN_FILE];
    return {
      email,
      file,
      load: () => this.#inTurn(() => this.#load(email, files)),
      save: (token) => this.#inTurn(() => this.#save(token, files)),
      clear: () => this.#inTurn(() => this.#clear(email, files)),
    };
  }

  /** One file operation at a time: two accounts may be about to move the same file. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #load(email: string, files: readonly string[]): Promise<CacheReading> {
    let outcome: CacheReading = { kind: "missing" };
    for (const file of files) {
      const reading = await this.#loadFrom(file, email);
      if (reading.kind === "found") return reading;
      // What the file of our own says matters more than what the other one says.
      if (outcome.kind === "missing") outcome = reading;
    }
    return outcome;
  }

  async #loadFrom(file: string, email: string): Promise<CacheReading> {
    let content: Content;
    try {
      content = await this.#content(file);
    } catch (error) {
      return { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
    }
    if (content.kind === "missing") return content;
    if (content.kind === "corrupt") {
      return { ...content, setAsideAs: await this.#setAside(file) };
    }
    const { cached } = content;
    return sameEmail(cached.email, email)
      ? { kind: "found", cached, file }
      : { kind: "otherEmail" };
  }

  async #content(file: string): Promise<Content> {
    try {
      const bytes = await this.#options.directory.read(file, MAX_BYTES);
      return bytes === null ? { kind: "missing" } : decodeCache(bytes, this.#options.isToken);
    } catch (error) {
      if (!(error instanceof FileTooLargeError)) throw error;
      return { kind: "corrupt", reason: "it is far too large" };
    }
  }

  async #setAside(file: string): Promise<string | null> {
    if (this.#options.readOnly === true) return null;
    const time = formatRfc3339(this.#options.now()).replaceAll(":", "-");
    const names = new Set(await this.#options.directory.list().catch(() => []));
    let aside = `${file}.corrupt-${time}`;
    for (let count = 2; names.has(aside); count++) aside = `${file}.corrupt-${time}-${count}`;
    try {
      await this.#options.directory.rename(file, aside);
      return aside;
    } catch {
      return null;
    }
  }

  async #save(token: CachedToken, files: readonly string[]): Promise<void> {
    const [file, other] = files;
    if (file === undefined) return;
    await this.#makeRoom(file, token.email);
    await this.#options.directory.write(file, encodeCache(token));
    if (other !== undefined) await this.#removeStale(other, token.email);
  }

  /** The seed's file may hold the token of an email that was first in the configuration before: it gets its own name. */
  async #makeRoom(file: string, email: string): Promise<void> {
    const holder = await this.#configuredHolder(file);
    if (holder === null || sameEmail(holder, email)) return;
    const own = ownTokenFile(holder);
    const names = await this.#options.directory.list();
    if (!names.includes(own)) await this.#options.directory.rename(file, own);
  }

  /** Whose token is in a file, if that email is in the configuration. */
  async #configuredHolder(file: string): Promise<string | null> {
    const content = await this.#content(file).catch(() => null);
    if (content?.kind !== "token") return null;
    const held = normalEmail(content.cached.email);
    return this.#options.emails.find((email) => normalEmail(email) === held) ?? null;
  }

  /** An older token of the same email under the other name. */
  async #removeStale(file: string, email: string): Promise<void> {
    const holder = await this.#configuredHolder(file);
    if (holder === null || !sameEmail(holder, email)) return;
    await this.#options.directory.remove(file).catch(() => {});
  }

  async #clear(email: string, files: readonly string[]): Promise<boolean> {
    let removed = false;
    for (const [index, file] of files.entries()) {
      const content = await this.#content(file).catch(() => null);
      if (content?.kind === "missing") continue;
      const holder = await this.#configuredHolder(file);
      const isOurs = holder === null ? index === 0 : sameEmail(holder, email);
      if (isOurs) removed = await this.#options.directory.remove(file) || removed;
    }
    return removed;
  }
}

/** A login token as it is kept. Times are milliseconds since the UNIX epoch. */
export interface CachedToken {
  readonly token: string;
  readonly email: string;
  readonly expiresAtMs: number;
  readonly savedAtMs: number;
}

const CacheFile = v.object({
  token: v.string(),
  email: v.string(),
  expires_at: v.string(),
  saved_at: v.string(),
});

/** What the bytes of a cache file are. */
type CacheContent =
  | { readonly kind: "token"; readonly cached: CachedToken }
  | { readonly kind: "corrupt"; readonly reason: string };

/** The seed's form: two spaces, RFC 3339 times in UTC. */
export function encodeCache(cached: CachedToken): Uint8Array {
  const content: v.InferOutput<typeof CacheFile> = {
    token: cached.token,
    email: cached.email,
    expires_at: formatRfc3339(cached.expiresAtMs),
    saved_at: formatRfc3339(cached.savedAtMs),
  };
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}

/** Never throws, whatever the bytes. The reason never quotes the content. */
export function decodeCache(
  bytes: Uint8Array<ArrayBuffer>,
  isToken: (text: string) => boolean,
): CacheContent {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { kind: "corrupt", reason: bytes.length === 0 ? "it is empty" : "it is not JSON" };
  }
  const file = v.safeParse(CacheFile, json);
  if (!file.success) {
    return { kind: "corrupt", reason: "it lacks token, email, expires_at or saved_at as text" };
  }
  const expiresAtMs = parseRfc3339(file.output.expires_at);
  const savedAtMs = parseRfc3339(file.output.saved_at);
  if (expiresAtMs === null || savedAtMs === null) {
    return { kind: "corrupt", reason: "expires_at or saved_at is not an RFC 3339 time" };
  }
  const { token, email } = file.output;
  if (!isToken(token)) return { kind: "corrupt", reason: "its token is not a JWT" };
  return { kind: "token", cached: { token, email, expiresAtMs, savedAtMs } };
}
