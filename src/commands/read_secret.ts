/** Far more than any token. */
const MAX_BYTES = 64 * 1024;
const END_OF_TEXT = new Set([3, 4, 10, 13]);

/**
 * A secret from standard input: all of a pipe or file, or one line that a person types or pastes, which is not shown.
 * Null when it is too long to be one.
 */
export async function readSecret(isTerminal: boolean): Promise<string | null> {
  if (!isTerminal) return await readUntil(() => false);
  Deno.stdin.setRaw(true);
  try {
    return await readUntil((byte) => END_OF_TEXT.has(byte));
  } finally {
    Deno.stdin.setRaw(false);
  }
}

async function readUntil(isEnd: (byte: number) => boolean): Promise<string | null> {
  const bytes: number[] = [];
  const chunk = new Uint8Array(4_096);
  while (true) {
    const count = await Deno.stdin.read(chunk);
    if (count === null) break;
    const read = Array.from(chunk.subarray(0, count));
    const end = read.findIndex(isEnd);
    bytes.push(...(end === -1 ? read : read.slice(0, end)));
    if (end !== -1) break;
    if (bytes.length > MAX_BYTES) return null;
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
