import { createHash } from "node:crypto";

/** Unique local addresses (RFC 4193) under a prefix of our own: "kosmi" in ASCII behind fd. Routed nowhere. */
const PREFIX = "fd6b:6f73:6d69:0";

/**
 * The address under which WEBIRC shows a person: made up, always the same for the same person, so that a ban by
 * address meets them alone and no true address is told to anybody.
 */
export function madeUpAddress(personKey: string): string {
  const digest = createHash("sha256").update(`address of ${personKey}`).digest();
  const groups = [0, 2, 4, 6].map((at) => digest.readUInt16BE(at).toString(16));
  return `${PREFIX}:${groups.join(":")}`;
}

/** A host name for the same: `.invalid` never resolves (RFC 2606). */
export function madeUpHost(user: string): string {
  return `${user}.puppet.invalid`;
}
