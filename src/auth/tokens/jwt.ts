import { isRecord } from "../../base/json.ts";

/** What a token says of itself. Nothing of it is proven: the signature is the server's to check. */
interface JwtClaims {
  /** The user's id at the service; null where it names none. */
  readonly subject: string | null;
  /** Milliseconds since the UNIX epoch; null for a token that does not say. */
  readonly expiresAtMs: number | null;
  readonly issuedAtMs: number | null;
}

/** Longer ones would not fit a connection's first frame, and nobody issues them. */
const MAX_LENGTH = 16_384;
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
/** The last moment that a Date can hold. */
const LAST_DATE_MS = 8.64e15;

/** Reads a JWT without verifying it; null for anything that is none. Never throws. */
export function readJwt(text: string): JwtClaims | null {
  if (text.length > MAX_LENGTH || !SHAPE.test(text)) return null;
  const [header, payload] = text.split(".");
  const head = decodePart(header ?? "");
  const claims = decodePart(payload ?? "");
  if (head === null || claims === null || typeof head["alg"] !== "string") return null;
  const subject = claims["sub"];
  return {
    subject: typeof subject === "string" && subject !== "" ? subject : null,
    expiresAtMs: secondsToMs(claims["exp"]),
    issuedAtMs: secondsToMs(claims["iat"]),
  };
}

export function isJwt(text: string): boolean {
  return readJwt(text) !== null;
}

/**
 * The JWT in what a person or a web page stored: without quotes, outer spaces and a leading "Bearer". Null when what is
 * left is no JWT.
 */
export function findJwt(text: string): string | null {
  const bare = text.trim().replace(/^(["'])(.*)\1$/s, "$2").trim().replace(/^Bearer\s+/i, "");
  return isJwt(bare) ? bare : null;
}

function decodePart(part: string): Record<string, unknown> | null {
  try {
    const bytes = Uint8Array.from(
      atob(part.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isRecord(json) ? json : null;
  } catch {
    return null;
  }
}

/** JWT times are seconds, possibly with a fraction. */
function secondsToMs(value: unknown): number | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  const ms = value * 1000;
  return ms >= 0 && ms <= LAST_DATE_MS ? ms : null;
}
