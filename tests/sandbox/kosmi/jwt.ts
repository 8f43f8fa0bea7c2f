import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

/** What Kosmi's tokens carry. Times are UNIX seconds. */
export interface TokenClaims {
  readonly aud: "kosmi";
  readonly iss: "kosmi";
  readonly sub: string;
  readonly typ: "access";
  readonly iat: number;
  readonly nbf: number;
  readonly jti: string;
  readonly exp: number;
}

export function issueJwt(
  secret: string,
  token: { subject: string; nowMs: number; expiresAtMs: number },
): string {
  const iat = Math.floor(token.nowMs / 1000);
  const claims: TokenClaims = {
    aud: "kosmi",
    exp: Math.floor(token.expiresAtMs / 1000),
    iat,
    iss: "kosmi",
    jti: randomUUID(),
    nbf: iat - 1,
    sub: token.subject,
    typ: "access",
  };
  const head = `${encode({ alg: "HS512", typ: "JWT" })}.${encode(claims)}`;
  return `${head}.${sign(secret, head).toString("base64url")}`;
}

/** The claims of a token that we signed ourselves; null for anything else. Does not look at `exp`. */
export function readJwt(secret: string, token: string): TokenClaims | null {
  const [header, payload, signature, more] = token.split(".");
  if (!header || !payload || !signature || more !== undefined) return null;
  const expected = sign(secret, `${header}.${payload}`);
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  // Signed by us: the shape is ours.
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function sign(secret: string, text: string) {
  return createHmac("sha512", secret).update(text).digest();
}
