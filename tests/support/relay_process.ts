import { dieWithParent } from "./die_with_parent.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { Changes, DEFAULT_TIMEOUT_MS, within } from "./wait.ts";

export interface RelayOptions {
  /** Text of matterbridge.toml. Null: no such file. */
  readonly config: string | null;
  /** Beside those of the test, without the test's own MATTERBRIDGE_ variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** After `-conf FILE` (which is left out when `config` is null). */
  readonly args?: readonly string[];
  /** Flags of `deno run` instead of `-A`; for a .ts entry only. */
  readonly permissions?: readonly string[];
  /** A .ts file, run by deno, or a compiled binary. Default src/main.ts. */
  readonly entry?: string;
}

export interface RelayMemory {
  readonly residentBytes: number;
  /** The most it ever was. */
  readonly peakBytes: number;
}

const ROOT = new URL("../../", import.meta.url).pathname;

/** The relay as a real process in a folder of its own (with its own ./data), and what it printed. */
export class RelayProcess implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #home: TempDir;
  readonly #changes = new Changes();
  #child: Deno.ChildProcess | null = null;
  #ended: Deno.CommandStatus | null = null;
  #status: Promise<Deno.CommandStatus> | null = null;
  #stdout = "";
  #stderr = "";
  #output = "";

  private constructor(options: RelayOptions, home: TempDir) {
    this.#options = options;
    this.#home = home;
  }

  static async start(options: RelayOptions): Promise<RelayProcess> {
    const relay = new RelayProcess(options, await tempDir("relay-"));
    try {
      if (options.config !== null) await relay.writeConfig(options.config);
      relay.start();
    } catch (error) {
      await relay[Symbol.asyncDispose]();
      throw error;
    }
    return relay;
  }

  /** Its working directory; ./data is inside. */
  get dir(): string {
    return this.#home.path;
  }

  get configPath(): string {
    return this.#home.file("matterbridge.toml");
  }

  get pid(): number {
    if (this.#child === null) throw new Error("Cannot tell the pid: the relay was not started");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child !== null && this.#ended === null;
  }

  /** Both streams in the order in which they were read, over all starts. */
  get output(): string {
    return this.#output;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  async writeConfig(toml: string): Promise<void> {
    await Deno.writeTextFile(this.configPath, toml, { mode: 0o600 });
  }

  /** The present end of the output, for `waitForLog`. */
  mark(): number {
    return this.#output.length;
  }

  /** The first match in the output from `since` on (default: from the very start); rejects when the process ends without it. */
  waitForLog(
    pattern: RegExp,
    options: { timeoutMs?: number; since?: number } = {},
  ): Promise<RegExpMatchArray> {
    const find = () => {
      const found = this.#output.slice(options.since ?? 0).match(pattern);
      if (found === null && !this.running) {
        throw new Error(`The relay ended (${this.#how()}) before ${pattern}:\n${this.#tail()}`);
      }
      return found;
    };
    return this.#changes.until(
      find,
      `${pattern} of the relay`,
      options.timeoutMs,
      () => this.#tail(),
    );
  }

  signal(signal: Deno.Signal): void {
    if (this.running) this.#child?.kill(signal);
  }

  /** How it ended; waits for that. */
  waitForExit(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Deno.CommandStatus> {
    if (this.#status === null) throw new Error("Cannot wait: the relay was not started");
    return within(this.#status, "the relay to end", timeoutMs, () => this.#tail());
  }

  /** Asks it to end and waits for that; SIGKILL for a crash. */
  async stop(
    signal: Deno.Signal = "SIGTERM",
    timeoutMs?: number,
  ): Promise<Deno.CommandStatus> {
    this.signal(signal);
    return await this.waitForExit(timeoutMs);
  }

  /** Starts it again in the same folder, after it ended. */
  start(): void {
    if (this.running) throw new Error("Cannot start the relay: it is running");
    const [program, args] = dieWithParent(...this.#commandLine());
    const child = new Deno.Command(program, {
      args,
      cwd: this.dir,
      env: this.#environment(),
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#ended = null;
    this.#status = this.#watch(child);
  }

  /** Ends it (default: a crash) and starts it again in the same folder. */
  async restart(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    await this.stop(signal);
    this.start();
  }

  /** From /proc (Linux). */
  async memory(): Promise<RelayMemory> {
    const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? NaN) * 1024;
    return { residentBytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
  }

  /** Kills it and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#status;
    await this.#home.remove();
  }

  #commandLine(): [string, string[]] {
    const { entry = `${ROOT}src/main.ts`, permissions = ["-A"], config, args = [] } = this.#options;
    const own = [...(config === null ? [] : ["-conf", this.configPath]), ...args];
    if (!entry.endsWith(".ts")) return [entry, own];
    return [Deno.execPath(), ["run", "--no-prompt", ...permissions, entry, ...own]];
  }

  /** HOME is the relay's folder, so that nothing of the user's is touched; Deno's cache stays where it is. */
  #environment(): Record<string, string> {
    const inherited = Object.entries(Deno.env.toObject())
      .filter(([name]) => !name.startsWith("MATTERBRIDGE_"));
    const home = Deno.env.get("HOME") ?? "/";
    return {
      NO_COLOR: "1",
      DENO_DIR: `${Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`}/deno`,
      ...Object.fromEntries(inherited),
      HOME: this.dir,
      ...this.#options.env,
    };
  }

  async #watch(child: Deno.ChildProcess): Promise<Deno.CommandStatus> {
    const [status] = await Promise.all([
      child.status,
      this.#collect(child.stdout, (text) => this.#stdout += text),
      this.#collect(child.stderr, (text) => this.#stderr += text),
    ]);
    this.#ended = status;
    await this.#keepLog();
    this.#changes.notify();
    return status;
  }

  /** For the search for secrets in everything that the tests logged. */
  async #keepLog(): Promise<void> {
    const folder = Deno.env.get("KOSMI_RELAY_TEST_LOGS");
    if (folder === undefined) return;
    await Deno.writeTextFile(`${folder}/${this.#home.path.replace(/^.*\//, "")}.log`, this.#output);
  }

  async #collect(
    stream: ReadableStream<Uint8Array>,
    keep: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      keep(text);
      this.#output += text;
      this.#changes.notify();
    }
  }

  #how(): string {
    if (this.#ended === null) return "not started";
    const { code, signal } = this.#ended;
    return signal === null ? `exit code ${code}` : signal;
  }

  #tail(): string {
    return this.#output.slice(-4_000);
  }
}

/** Starts the relay as a process of its own. */
export function startRelay(options: RelayOptions): Promise<RelayProcess> {
  return RelayProcess.start(options);
}
