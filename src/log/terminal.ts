const encoder = new TextEncoder();

/** True when what a command prints is read by a person, not by another program. */
export function stdoutIsTerminal(): boolean {
  return Deno.stdout.isTerminal();
}

/** True when the log is read by a person. */
export function stderrIsTerminal(): boolean {
  return Deno.stderr.isTerminal();
}

/** True when a person can be asked something. */
export function stdinIsTerminal(): boolean {
  return Deno.stdin.isTerminal();
}

/** How wide the terminal is; null where nobody knows. */
export function terminalColumns(): number | null {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return null;
  }
}

/** Colours: on a terminal, unless NO_COLOR is set to anything (see no-color.org). */
export function wantsColour(terminal: boolean): boolean {
  return terminal && !Deno.noColor;
}

/** Prints a line on standard output. False when nobody reads it any more (`… | head`): then stop printing. */
export function printLine(line = ""): boolean {
  return writeAll(Deno.stdout, line + "\n");
}

/** Prints text as it is on standard output, without a line end: a question, a progress mark. */
export function printText(text: string): boolean {
  return writeAll(Deno.stdout, text);
}

/** Prints a line on standard error: what went wrong, what to do. False when nobody reads it. */
export function printErrorLine(line = ""): boolean {
  return writeAll(Deno.stderr, line + "\n");
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  const bytes = encoder.encode(text);
  try {
    for (let from = 0; from < bytes.length;) from += stream.writeSync(bytes.subarray(from));
    return true;
  } catch {
    return false;
  }
}

/** The few ways in which text stands out on a terminal. */
export type Paint = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const CODES: Readonly<Record<Paint, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** The text in a colour, or as it is where no colour is wanted. */
export function paint(text: string, how: Paint, colour: boolean): string {
  if (!colour) return text;
  const [on, off] = CODES[how];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
