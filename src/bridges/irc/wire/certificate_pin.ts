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

/** Fingerprints are written with colons, spaces or nothing between the digits, in either case. */
export function normalPin(written: string): string {
  return written.replace(/^sha-?256[:=]/i, "").replace(/[^0-9a-fA-F]/g, "").toLowerCase();
}
