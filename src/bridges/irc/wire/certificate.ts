import { createHash, X509Certificate } from "node:crypto";
import net from "node:net";
import type { TLSSocket } from "node:tls";

/** The server showed another certificate than the configured one. */
export class PinError extends Error {
  override readonly name = "PinError";
}

/** Null when the server's certificate is one of the pinned ones, or when nothing is pinned. */
export function pinFault(
  socket: TLSSocket,
  options: { readonly pinSha256: readonly string[] } | null,
): PinError | null {
  if (options === null || options.pinSha256.length === 0) return null;
  const shown = socket.getPeerCertificate().fingerprint256 ?? "";
  const pins = options.pinSha256.map(normalPin);
  if (shown !== "" && pins.includes(normalPin(shown))) return null;
  return new PinError(
    `Cannot trust the server: the SHA-256 fingerprint of its certificate is ${
      shown || "unknown"
    }, which is not the pinned one`,
  );
}

/**
 * The certificate's digest by which both ends know the connection (RFC 5929): by the hash of its own signature, SHA-256 in place
 * of a weaker one. Null where the signature has no hash of its own, or the certificate can't be read.
 */
export function endPointOf(socket: TLSSocket): Uint8Array | null {
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return null;
  const signature = new X509Certificate(raw).signatureAlgorithm ?? "";
  const [, bits = ""] = /sha-?(1|224|256|384|512)(?!\d)/i.exec(signature) ?? [];
  const isWeak = bits === "1" || /md5/i.test(signature);
  if (bits === "" && !isWeak) return null;
  return createHash(isWeak ? "sha256" : `sha${bits}`).update(raw).digest();
}

/** Fingerprints are written with colons, spaces or nothing between the digits, in either case. */
export function normalPin(written: string): string {
  return written.replace(/^sha-?256[:=]/i, "").replace(/[^0-9a-fA-F]/g, "").toLowerCase();
}

/** What a server's certificate says, whoever signed it. Times in milliseconds since the UNIX epoch. */
export interface CertificateFacts {
  /** Host names and addresses that it is for; "*.example.org" as written. */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Null where it could not be read. */
  readonly validFromMs: number | null;
  readonly validToMs: number | null;
  /** SHA-256 with colons, upper case; empty where it could not be read. */
  readonly fingerprint: string;
}

/** What hears how far a dial comes. */
export interface DialInspection {
  /** The address that the server's name stands for. */
  resolved(address: string): void;
  connected(): void;
  /** The handshake is done; nothing has been sent. */
  secured(certificate: CertificateFacts): void;
}

/** Reads the certificate that the server showed. */
export function certificateFacts(socket: TLSSocket): CertificateFacts {
  const shown = socket.getPeerCertificate();
  const alternatives = typeof shown.subjectaltname === "string" ? shown.subjectaltname : "";
  const names = alternatives.split(",").flatMap((entry) => {
    const name = /^\s*(?:DNS|IP Address):(.+?)\s*$/.exec(entry)?.[1];
    return name === undefined ? [] : [name];
  });
  return {
    names: names.length > 0 ? names : textsOf(shown.subject?.CN),
    issuer: textsOf(shown.issuer?.O)[0] ?? textsOf(shown.issuer?.CN)[0] ?? "an unnamed authority",
    validFromMs: timeOf(shown.valid_from),
    validToMs: timeOf(shown.valid_to),
    fingerprint: shown.fingerprint256 ?? "",
  };
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((one) => typeof one === "string");
  return typeof value === "string" && value !== "" ? [value] : [];
}

function timeOf(written: unknown): number | null {
  const atMs = typeof written === "string" ? Date.parse(written) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}

/** True when the certificate is for this host, by the rules of browsers: one wildcard, for one label. */
export function isFor(facts: CertificateFacts, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, "");
  return facts.names.some((written) => {
    const name = written.toLowerCase();
    if (!name.startsWith("*.") || net.isIP(wanted) !== 0) return name === wanted;
    const dot = wanted.indexOf(".");
    return dot > 0 && wanted.slice(dot) === name.slice(1);
  });
}

/** What the TLS library says of a server that answers its greeting in plain text helps nobody. */
export function withoutTlsThere(error: Error, port: number): Error {
  if (!/wrong version number|InvalidContentType|packet length too long/.test(error.message)) {
    return error;
  }
  return new Error(
    `The server answers, but does not speak TLS at port ${port}: use its port for TLS (mostly 6697), or UseTLS=false`,
    { cause: error },
  );
}
