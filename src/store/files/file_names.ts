import { createHash } from "node:crypto";

/** The seed's file name: the first configured email's, so that its documented commands stay true. */
export const FIRST_TOKEN_FILE = "kosmi_token_cache.json";

/** Emails that differ only in case or outer spaces are one login. */
export function sameEmail(a: string, b: string): boolean {
  return normalEmail(a) === normalEmail(b);
}

export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Where the token of any email but the first is. */
export function ownTokenFile(email: string): string {
  return ownFile("kosmi_token_cache", email);
}

/**
 * A file name of an email's own: readable, safe whatever the email holds, and different for different emails (the
 * readable part alone could be the same for two).
 */
export function ownFile(kind: string, email: string): string {
  const normal = normalEmail(email);
  const readable = normal.replace(/[^a-z0-9.-]+/g, "_").replace(/\.{2,}/g, ".")
    .slice(0, 40).replace(/^[._]+|[._]+$/g, "") || "email";
  const digest = createHash("sha256").update(normal).digest("hex").slice(0, 12);
  return `${kind}.${readable}.${digest}.json`;
}
