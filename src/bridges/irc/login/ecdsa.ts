import { createECDH } from "node:crypto";
import type { IrcSasl } from "../link/options.ts";
import type { SaslConversation } from "./sasl.ts";

/** Order of the curve's group (NIST P-256). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BYTES = 32;

/**
 * ECDSA-NIST256P-CHALLENGE: the server sends 32 bytes, we answer with their signature. The bytes are signed as they are,
 * not their hash, which no interface of the platform does: the curve is the platform's, the rest stands here.
 */
export function ecdsa(sasl: IrcSasl): SaslConversation {
  const key = privateKeyOf(sasl.keyPem ?? "");
  let step = 0;
  return {
    mechanism: "ECDSA-NIST256P-CHALLENGE",
    answer(challenge) {
      step++;
      return step === 1 ? new TextEncoder().encode(sasl.login) : signature(challenge, key);
    },
  };
}

/** The number in a private key, SEC 1 or PKCS 8. Throws where there is none of this curve. */
export function privateKeyOf(pem: string): bigint {
  const block = /-----BEGIN (?:EC )?PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(pem)?.[1];
  const der = block === undefined ? "" : atob(block.replace(/\s/g, ""));
  // Version 1, then an octet string of 32 bytes: so begins ECPrivateKey in both forms.
  const at = der.indexOf("\x02\x01\x01\x04\x20");
  const key = at === -1 ? 0n : numberOf(bytesOf(der.slice(at + 5, at + 5 + BYTES)));
  if (key <= 0n || key >= N) {
    throw new Error("Cannot read the key for SASL: it is no private key in PEM of the curve P-256");
  }
  return key;
}

function signature(digest: Uint8Array, key: bigint): Uint8Array {
  const z = numberOf(digest.subarray(0, BYTES));
  for (;;) {
    const k = numberOf(crypto.getRandomValues(new Uint8Array(BYTES)));
    if (k <= 0n || k >= N) continue;
    const r = pointX(k) % N;
    const s = (inverse(k) * ((z + r * key) % N)) % N;
    if (r !== 0n && s !== 0n) return der(r, s);
  }
}

/** The first coordinate of k times the base point. */
function pointX(k: bigint): bigint {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(fixedBytes(k));
  return numberOf(Uint8Array.from(ecdh.getPublicKey()).subarray(1, 1 + BYTES));
}

function inverse(k: bigint): bigint {
  let [a, b, x, y] = [k, N, 1n, 0n];
  while (a > 1n) {
    const q = b / a;
    [b, a] = [a, b % a];
    [y, x] = [x, y - q * x];
  }
  return ((x % N) + N) % N;
}

function der(r: bigint, s: bigint): Uint8Array {
  const body = [...derNumber(r), ...derNumber(s)];
  return Uint8Array.from([0x30, body.length, ...body]);
}

function derNumber(value: bigint): readonly number[] {
  const bytes = [...fixedBytes(value)];
  while (bytes.length > 1 && bytes[0] === 0 && (bytes[1] ?? 0) < 0x80) bytes.shift();
  // A leading zero keeps the number positive.
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return [0x02, bytes.length, ...bytes];
}

function fixedBytes(value: bigint): Uint8Array {
  return Uint8Array.from(
    value.toString(16).padStart(BYTES * 2, "0").match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function bytesOf(binary: string): Uint8Array {
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
