import assert from "node:assert/strict";
import {
  type IrcSandbox,
  type IrcServerOptions,
  startIrcServer,
} from "../../sandbox/irc/irc_sandbox.ts";
import {
  type KosmiSandbox,
  type KosmiSandboxOptions,
  startKosmi,
} from "../../sandbox/kosmi/mod.ts";
import { type RelayOptions, startRelay } from "../../support/relay_process.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

export const CHANNEL = "#films";
export const ROOM = "@movienight";

/** A row as `doctor --json` prints it. */
export interface JsonRow {
  readonly about: string;
  readonly check: string;
  readonly state: string;
  readonly seen: string;
  readonly remedy: string | null;
}

export interface Diagnosis {
  readonly code: number;
  readonly rows: readonly JsonRow[];
  /** Everything that was printed. */
  readonly output: string;
}

export interface PatientOptions {
  readonly irc?: IrcServerOptions;
  readonly kosmi?: KosmiSandboxOptions;
}

/** Lines for the accounts' sections, in place of the ones of a world that is well. */
export interface PatientConfig {
  readonly server?: string;
  readonly irc?: string;
  /** Of the channel in the gateway. */
  readonly channel?: string;
  readonly room?: string;
  readonly kosmi?: string;
  readonly httpEndpoint?: string;
  readonly wsEndpoint?: string;
}

/** A world of stand-ins that is well, to be broken in one way; and the doctor as a process over it. */
export class Patient implements AsyncDisposable {
  private constructor(
    readonly irc: IrcSandbox,
    readonly kosmi: KosmiSandbox,
    /** The data directory, which is there and private. */
    readonly data: TempDir,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async create(options: PatientOptions = {}): Promise<Patient> {
    await using stack = new AsyncDisposableStack();
    const irc = stack.use(await startIrcServer(options.irc ?? {}));
    const kosmi = stack.use(await startKosmi(options.kosmi ?? {}));
    const data = stack.use(await tempDir("doctor-data-"));
    return new Patient(irc, kosmi, data, stack.move());
  }

  config(given: PatientConfig = {}): string {
    const { kosmi } = this;
    return `
[irc.test]
Server="${given.server ?? `127.0.0.1:${this.irc.port}`}"
Nick="relay"
${given.irc ?? ""}

[kosmi.test]
RoomURL="${given.room ?? kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${given.httpEndpoint ?? kosmi.httpEndpoint}"
WSEndpoint="${given.wsEndpoint ?? kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
${given.kosmi ?? ""}

[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.test"
channel="${CHANNEL}"
${given.channel ?? ""}
[[gateway.inout]]
account="kosmi.test"
channel="main"
`;
  }

  /** Runs the doctor over a configuration. */
  async examine(
    config: string,
    options: {
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      readonly permissions?: readonly string[];
    } = {},
  ): Promise<Diagnosis> {
    const { permissions } = options;
    return await this.#run({
      config,
      args: ["doctor", "--json", ...options.args ?? []],
      env: { MATTERBRIDGE_DATA_DIR: this.data.path, ...options.env },
      ...(permissions === undefined ? {} : { permissions }),
    });
  }

  /** Runs the doctor over a file that is there. */
  examineFile(path: string): Promise<Diagnosis> {
    return this.#run({
      config: null,
      args: ["-conf", path, "doctor", "--json"],
      env: { MATTERBRIDGE_DATA_DIR: this.data.path },
    });
  }

  async #run(options: RelayOptions): Promise<Diagnosis> {
    await using doctor = await startRelay(options);
    const { code } = await doctor.waitForExit(60_000);
    const printed: { exitCode: number; rows: JsonRow[] } = JSON.parse(doctor.stdout);
    assert.equal(printed.exitCode, code);
    return { code, rows: printed.rows, output: doctor.output };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

/** "irc.test TLS broken", for every row that is not well. */
export function complaints({ rows }: Diagnosis): string[] {
  return rows.filter(({ state }) => state === "broken" || state === "warning")
    .map(({ about, check, state }) => `${about} ${check}: ${state}`);
}

/** The row of this check; fails when there is none. */
export function rowOf({ rows }: Diagnosis, about: string, check: string): JsonRow {
  const row = rows.find((one) => one.about === about && one.check === check);
  assert.ok(row, `no row ${about} ${check} in ${JSON.stringify(rows, null, 1)}`);
  return row;
}
