const encoder = new TextEncoder();

/** Prints a line of the demo. */
export function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}
