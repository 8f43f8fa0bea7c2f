/** A token as Kosmi makes them (HS512, a year long), with the claims given here instead. */
export function makeJwt(claims: Record<string, unknown>): string {
  const payload = { aud: "kosmi", iss: "kosmi", typ: "access", sub: "user-1", ...claims };
  return [{ alg: "HS512", typ: "JWT" }, payload].map(encode).join(".") + ".c2lnbmF0dXJl";
}

/** A token issued now and expiring after `lifeMs`. Different in each call. */
export function tokenFor(nowMs: number, lifeMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  return makeJwt({
    iat,
    nbf: iat - 1,
    exp: iat + Math.floor(lifeMs / 1000),
    jti: crypto.randomUUID(),
  });
}

function encode(json: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(
    /=+$/,
    "",
  );
}
