import { dieWithParent } from "../../support/die_with_parent.ts";
import { Changes, within } from "../../support/wait.ts";

export interface TerminalOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[0-9;]*m/g;

/** A program in a pseudo-terminal (util-linux's `script`), used as a person would: by reading prompts and typing. */
export class PseudoTerminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #changes = new Changes();
  readonly #reading: Promise<void>;
  #written = "";

  constructor(options: TerminalOptions) {
    const line = options.command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const [program, args] = dieWithParent("/usr/bin/script", [
      "-qfec",
      `exec ${line}`,
      "/dev/null",
    ]);
    this.#child = new Deno.Command(program, {
      args,
      cwd: options.cwd,
      env: { ...options.env, SHELL: "/bin/sh" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keyboard = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Everything that the screen has shown; whether in colour depends on who runs the tests and is not told. */
  get shown(): string {
    return this.#written.replaceAll(COLOUR, "");
  }

  /** Waits until the screen shows this, from `since` on. */
  see(pattern: RegExp, since = 0, timeoutMs?: number): Promise<RegExpMatchArray> {
    const find = () => this.shown.slice(since).match(pattern);
    return this.#changes.until(find, `${pattern} on the screen`, timeoutMs, () => this.shown);
  }

  async type(keys: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(keys));
  }

  /** Waits for a prompt and answers it. */
  async answer(prompt: RegExp, line: string): Promise<void> {
    const since = this.shown.length;
    await this.see(prompt, Math.max(0, since - 400));
    await this.type(`${line}\r`);
  }

  /** The person closes the window: the terminal is gone, the program gets a SIGHUP. */
  closeWindow(): void {
    this.#child.kill("SIGKILL");
  }

  /** The program's exit code. */
  async ended(): Promise<number> {
    const { code } = await within(
      this.#child.status,
      "the end of the program",
      30_000,
      () => this.shown,
    );
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keyboard.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.#written += decoder.decode(chunk, { stream: true });
      this.#changes.notify();
    }
  }
}
