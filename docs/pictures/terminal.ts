import { findProgram } from "../../tests/support/skip.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { until } from "../../tests/support/wait.ts";

export interface RecordingOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell in a pseudo terminal of a given size, kept by tmux. Its environment holds nothing of whoever runs this. */
export class Recording implements AsyncDisposable {
  readonly #tmux: (...args: string[]) => Promise<string>;
  readonly #close: () => Promise<void>;

  private constructor(tmux: (...args: string[]) => Promise<string>, close: () => Promise<void>) {
    this.#tmux = tmux;
    this.#close = close;
  }

  static async start(options: RecordingOptions): Promise<Recording> {
    await using stack = new AsyncDisposableStack();
    const home = stack.use(await tempDir("recording-"));
    const config = home.file("tmux.conf");
    await Deno.writeTextFile(config, "set -g status off\nset -g default-terminal tmux-256color\n");
    const tmux = (...args: string[]) => run(["-S", home.file("tmux"), "-f", config, "-u", ...args]);
    // Without a file for its history the shell writes nothing when it is killed.
    const env = { HOME: home.path, LANG: "C.UTF-8", PATH: "/usr/bin:/bin", TZ: "UTC", PS1: "$ ", HISTFILE: "" };
    const variables = Object.entries({ ...env, ...options.env }).map(([name, value]) => `${name}=${value}`);
    await tmux(
      ...["new-session", "-d", "-c", options.cwd],
      ...["-x", String(options.columns), "-y", String(options.rows)],
      ...["env", "-i", "TERM=tmux-256color", ...variables, "bash", "--norc", "--noprofile", "-i"],
    );
    stack.defer(async () => void await tmux("kill-server"));
    const running = stack.move();
    const recording = new Recording(tmux, () => running.disposeAsync());
    await recording.see(/^\$$/m);
    return recording;
  }

  /** Types a line and Enter. */
  async type(line: string): Promise<void> {
    if (line !== "") await this.#tmux("send-keys", "-l", "--", line);
    await this.#tmux("send-keys", "Enter");
  }

  /** Waits until the screen shows this. */
  async see(pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    let shown = "";
    const probe = async () => pattern.test(shown = await this.#tmux("capture-pane", "-p"));
    await until(probe, `${pattern} on the screen`, timeoutMs, { everyMs: 100, seen: () => shown });
  }

  /** The lines on the screen, with colors as SGR sequences; without the empty ones at the end. */
  async lines(): Promise<string[]> {
    const lines = (await this.#tmux("capture-pane", "-e", "-N", "-p")).split("\n").map((line) => line.replace(/ +$/, ""));
    return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

async function run(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(findProgram("tmux") ?? "tmux", { args: [...args] })
    .output();
  if (!success) throw new Error(`Cannot run tmux ${args.at(5)}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
