/** Bytes to text and back. Reading takes valid UTF-8 first, whatever the fallback is. */
export interface LineCodec {
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * `charset` null: UTF-8, and windows-1252 for what is not valid UTF-8. Else that charset is the fallback, and lines
 * are written in it; what it lacks becomes "?". Throws a RangeError for a charset that does not exist.
 */
export function lineCodec(charset: string | null): LineCodec {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const fallback = new TextDecoder(charset ?? "windows-1252");
  const writesUtf8 = charset === null || fallback.encoding === "utf-8";
  const legacy = writesUtf8 ? null : new LegacyEncoder(fallback);
  return {
    decode(bytes) {
      try {
        return strict.decode(bytes);
      } catch {
        return (writesUtf8 && charset !== null ? latin() : fallback).decode(bytes);
      }
    },
    encode: (text) => legacy === null ? utf8.encode(text) : legacy.encode(text),
  };
}

function latin(): TextDecoder {
  return new TextDecoder("windows-1252");
}

/**
 * The platform writes UTF-8 only. One- and two-byte charsets are small enough to be read out of their decoder: each
 * byte sequence is decoded once and noted in reverse.
 */
class LegacyEncoder {
  readonly #sequences: Map<string, readonly number[]> = new Map();

  constructor(decoder: TextDecoder) {
    const fatal = new TextDecoder(decoder.encoding, { fatal: true });
    for (let first = 0; first < 256; first++) {
      if (this.#note(fatal, [first])) continue;
      for (let second = 0x21; second < 256; second++) this.#note(fatal, [first, second]);
    }
  }

  encode(text: string): Uint8Array {
    const bytes: number[] = [];
    for (const char of text) bytes.push(...this.#sequences.get(char) ?? [0x3f]);
    return Uint8Array.from(bytes);
  }

  #note(decoder: TextDecoder, sequence: readonly number[]): boolean {
    try {
      const char = decoder.decode(Uint8Array.from(sequence));
      if ([...char].length !== 1) return false;
      if (!this.#sequences.has(char)) this.#sequences.set(char, sequence);
      return true;
    } catch {
      return false;
    }
  }
}
