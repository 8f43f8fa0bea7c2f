import * as v from "valibot";
import { formatRfc3339, parseRfc3339 } from "../base/rfc3339.ts";

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
export type CacheContent =
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
