/** Numbers above 100 need no fractions, those below 10 need two. */
function rounded(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** What one bench has to say: figures with their units, and whatever went wrong. */
export class Bench {
  readonly #faults: string[] = [];
  readonly #args: readonly string[];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  heading(text: string): void {
    print(`\n${text}`);
  }

  /** A measured figure, with what it should come to. */
  figure(what: string, value: number, unit: string, aim = ""): void {
    const measured = `${rounded(value)} ${unit}`.padStart(18);
    print(`  ${what.padEnd(56)}${measured}${aim === "" ? "" : `   (aim: ${aim})`}`);
  }

  note(text: string): void {
    print(`  ${text}`);
  }

  /** Something was lost, doubled or out of order: the bench goes on, and ends with an exit code that says so. */
  fault(text: string): void {
    this.#faults.push(text);
    print(`  FAULT: ${text}`);
  }

  expectNone(what: string, count: number): void {
    this.figure(what, count, "messages", "0");
    if (count !== 0) this.fault(`${what}: ${count}`);
  }

  /** The number behind `--name` on the command line. */
  number(name: string, otherwise: number): number {
    const text = this.text(name);
    if (text === null) return otherwise;
    const value = Number(text);
    if (!Number.isFinite(value)) {
      throw new Error(`Cannot use --${name} ${text}: a number is expected`);
    }
    return value;
  }

  /** The word behind `--name` on the command line. */
  text(name: string): string | null {
    const at = this.#args.indexOf(`--${name}`);
    return at === -1 ? null : this.#args[at + 1] ?? null;
  }

  get failed(): boolean {
    return this.#faults.length > 0;
  }
}

/** Runs a bench that is the program, and ends the program: 1 when messages were lost or came out of order. */
export async function runBench(title: string, run: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench(Deno.args);
  print(`== ${title}`);
  await run(bench);
  Deno.exit(bench.failed ? 1 : 0);
}

export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
