import { dieWithParent } from "../die_with_parent.ts";
import { Changes, until, within } from "../wait.ts";

/** A server program to run in the foreground. */
export interface ServerProgram {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Ports of 127.0.0.1 that answer when it is up. */
  readonly ports: readonly number[];
  /** More that must be true before it counts as up; told what it has logged since this start. */
  readonly isUp?: (log: string) => boolean;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

/** One server program: started, stopped, frozen and started again on the same ports. Keeps what it logs for failures. */
export class ServerProcess implements AsyncDisposable {
  readonly #program: ServerProgram;
  readonly #owner: { uid: number; gid: number } | null;
  readonly #changes = new Changes();
  #child: Deno.ChildProcess | null = null;
  #log = "";
  #readers: Promise<void>[] = [];

  private constructor(program: ServerProgram, owner: { uid: number; gid: number } | null) {
    this.#program = program;
    this.#owner = owner;
  }

  /** Starts the program and waits until its ports answer. As root it runs as the user `irc`, who gets `cwd`. */
  static async start(program: ServerProgram): Promise<ServerProcess> {
    const owner = Deno.uid() === 0 ? await userIrc() : null;
    if (owner !== null) await giveTree(program.cwd, owner);
    const server = new ServerProcess(program, owner);
    await server.start();
    return server;
  }

  get pid(): number {
    if (this.#child === null) throw new Error(`Cannot tell the pid: ${this.#program.name} is down`);
    return this.#child.pid;
  }

  /** What it wrote since its last start. */
  get log(): string {
    return this.#log;
  }

  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray> {
    const what = `${pattern} in the log of ${this.#program.name}`;
    return this.#changes.until(() => this.#log.match(pattern), what, timeoutMs, () => this.#log);
  }

  /** Starts it after a `stop`. */
  async start(): Promise<void> {
    if (this.#child !== null) {
      throw new Error(`Cannot start ${this.#program.name}: it is running`);
    }
    const { command, args, cwd } = this.#program;
    this.#log = "";
    const [wrapper, wrapped] = dieWithParent(command, args);
    const child = new Deno.Command(wrapper, {
      args: wrapped,
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(this.#owner ?? {}),
    }).spawn();
    this.#child = child;
    this.#readers = [this.#collect(child.stdout), this.#collect(child.stderr)];
    try {
      await this.#waitUntilUp(child);
    } catch (error) {
      await this.stop("SIGKILL");
      throw error;
    }
  }

  /** Ends it and waits until it is gone. Idempotent. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    kill(child, signal);
    // A frozen process takes no other signal than SIGKILL before it goes on.
    if (signal !== "SIGKILL") kill(child, "SIGCONT");
    try {
      await within(child.status, `the end of ${this.#program.name}`, STOP_TIMEOUT_MS);
    } catch {
      kill(child, "SIGKILL");
      await child.status;
    }
    await Promise.all(this.#readers);
  }

  async restart(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  freeze(): void {
    if (this.#child !== null) kill(this.#child, "SIGSTOP");
  }

  thaw(): void {
    if (this.#child !== null) kill(this.#child, "SIGCONT");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("SIGKILL");
  }

  async #waitUntilUp(child: Deno.ChildProcess): Promise<void> {
    let ended = false;
    child.status.then(() => ended = true);
    const { name, ports, isUp } = this.#program;
    const answers = async () => {
      if (ended) throw new Error(`Cannot start ${name}: it ended at once\n${this.#log}`);
      for (const port of ports) if (!await portAnswers(port)) return false;
      return isUp === undefined || isUp(this.#log);
    };
    await until(answers, `${name} to come up`, START_TIMEOUT_MS, { seen: () => this.#log });
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      // The end tells why it failed; a server that logs without end must not fill the memory.
      this.#log = (this.#log + decoder.decode(chunk, { stream: true })).slice(-200_000);
      this.#changes.notify();
    }
  }
}

/** True when something accepts connections there. */
export async function portAnswers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It ended by itself in between.
  }
}

async function userIrc(): Promise<{ uid: number; gid: number }> {
  const passwd = await Deno.readTextFile("/etc/passwd");
  const fields = passwd.split("\n").find((line) => line.startsWith("irc:"))?.split(":");
  if (fields === undefined) {
    throw new Error(
      "Cannot drop privileges: there is no user `irc`; run the tests as another user",
    );
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

async function giveTree(path: string, owner: { uid: number; gid: number }): Promise<void> {
  await Deno.chown(path, owner.uid, owner.gid);
  for await (const entry of Deno.readDir(path)) {
    const inside = `${path}/${entry.name}`;
    if (entry.isDirectory) await giveTree(inside, owner);
    else await Deno.chown(inside, owner.uid, owner.gid);
  }
}
