import { printErrorLine, printText, stdinIsTerminal } from "../../log/terminal.ts";

/** The person pressed Ctrl+C or Ctrl+D: nothing of what was asked counts. */
export class AskingEndedError extends Error {
  override readonly name = "AskingEndedError";
}

const ENTER = new Set([10, 13]);
const BACKSPACE = new Set([8, 127]);
const CTRL_C = 3;
const CTRL_D = 4;
const CTRL_U = 21;
/** Longer than any answer. */
const MAX_BYTES = 8_192;

/** Asks a person at the terminal. What is typed ahead, or pasted in one go, answers the next questions. */
export class Asker {
  readonly #stopping: AbortSignal;
  #ahead: number[] = [];

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  /** The answer without outer spaces. Throws an AskingEndedError. */
  async line(question: string): Promise<string> {
    printText(question);
    return (await this.#read(() => {})).trim();
  }

  /** The same for what nobody may see over a shoulder. */
  async secret(question: string): Promise<string> {
    // Raw first: the terminal itself would show what comes between the question and this.
    Deno.stdin.setRaw(true);
    try {
      printText(question);
      return await this.#read((byte) => BACKSPACE.has(byte));
    } finally {
      Deno.stdin.setRaw(false);
      printText("\n");
    }
  }

  async yes(question: string, otherwise: boolean): Promise<boolean> {
    const answer = (await this.line(`${question} [${otherwise ? "Y/n" : "y/N"}] `)).toLowerCase();
    return answer === "" ? otherwise : answer.startsWith("y");
  }

  /** Reads up to Enter. In raw mode the keys that the terminal would have handled come here. */
  async #read(takesBack: (byte: number) => boolean | void): Promise<string> {
    const bytes: number[] = [];
    while (bytes.length < MAX_BYTES) {
      const byte = this.#ahead.shift() ?? await this.#next();
      if (byte === CTRL_C || byte === CTRL_D || byte === null) throw new AskingEndedError("ended");
      if (ENTER.has(byte)) return new TextDecoder().decode(new Uint8Array(bytes));
      if (byte === CTRL_U) bytes.length = 0;
      else if (takesBack(byte) === true) takeCharacter(bytes);
      else bytes.push(byte);
    }
    throw new AskingEndedError("the answer is too long");
  }

  /** Null at the end of the input, or when the program must stop. */
  async #next(): Promise<number | null> {
    const chunk = new Uint8Array(4_096);
    const stopped = new Promise<null>((resolve) => {
      if (this.#stopping.aborted) resolve(null);
      this.#stopping.addEventListener("abort", () => resolve(null), { once: true });
    });
    const count = await Promise.race([Deno.stdin.read(chunk), stopped]);
    if (count === null) return null;
    this.#ahead.push(...chunk.subarray(0, count));
    return this.#ahead.shift() ?? null;
  }
}

/** Takes the last character away, of however many bytes. */
function takeCharacter(bytes: number[]): void {
  while (bytes.length > 0) {
    const byte = bytes.pop() ?? 0;
    if ((byte & 0xc0) !== 0x80) return;
  }
}

/** Far more than any token. */
const MAX_SECRET_BYTES = 64 * 1024;
const END_OF_TEXT = new Set([3, 4, 10, 13]);

/**
 * A secret from standard input: all of a pipe or file, or one line that a person at the terminal is asked for by
 * `question`, and that is not shown. Null when it is too long to be one.
 */
export async function readSecret(question: string): Promise<string | null> {
  if (!stdinIsTerminal()) return await readUntil(() => false);
  // Raw first: the terminal itself would show what comes between the question and this.
  Deno.stdin.setRaw(true);
  try {
    printErrorLine(question);
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
    if (bytes.length > MAX_SECRET_BYTES) return null;
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
