import { describeError } from "../../base/errors.ts";
import { isRecord } from "../../base/json.ts";
import type { Logger } from "../../base/log.ts";
import type { DataDirectory } from "./data_directory.ts";

/** What a server wants of those who come again: TLS on this port, until then (milliseconds since the UNIX epoch). */
interface StoredPolicy {
  readonly port: number;
  readonly untilMs: number;
  readonly durationMs: number;
}

const FILE = "sts_policies.json";
const MAX_BYTES = 65_536;
const MAX_HOSTS = 200;

/**
 * The servers' demands for TLS, by host name, in a file of the data directory: an attacker who answers in the server's
 * place must not win by a restart of ours. In memory where the directory can't be written.
 */
export class StoredStsPolicies {
  readonly #data: DataDirectory;
  readonly #log: Logger;
  readonly #policies: Map<string, StoredPolicy>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(data: DataDirectory, log: Logger, policies: Map<string, StoredPolicy>) {
    this.#data = data;
    this.#log = log;
    this.#policies = policies;
  }

  /** Reads what is stored. A file that can't be read counts as empty, and is said. */
  static async open(data: DataDirectory, log: Logger): Promise<StoredStsPolicies> {
    let policies = new Map<string, StoredPolicy>();
    try {
      const bytes = await data.read(FILE, MAX_BYTES);
      if (bytes !== null) policies = decode(new TextDecoder().decode(bytes));
    } catch (error) {
      log.warn("Cannot read {file}, which servers want TLS is learned anew: {error}", {
        file: FILE,
        error: describeError(error),
      });
    }
    return new StoredStsPolicies(data, log, policies);
  }

  get(host: string): StoredPolicy | null {
    return this.#policies.get(host.toLowerCase()) ?? null;
  }

  /** Null: the server took its policy back. */
  set(host: string, policy: StoredPolicy | null): void {
    const key = host.toLowerCase();
    if (policy === null && !this.#policies.has(key)) return;
    this.#policies.delete(key);
    if (policy !== null) this.#policies.set(key, policy);
    for (const oldest of this.#policies.keys()) {
      if (this.#policies.size <= MAX_HOSTS) break;
      this.#policies.delete(oldest);
    }
    if (this.#data.writable) this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when all that was set is on the disk. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const policies = Object.fromEntries(this.#policies);
    const text = `${JSON.stringify({ version: 1, policies }, null, 2)}\n`;
    try {
      await this.#data.write(FILE, new TextEncoder().encode(text));
    } catch (error) {
      this.#log.warn("Cannot store which servers want TLS: {error}", {
        error: describeError(error),
      });
    }
  }
}

function decode(text: string): Map<string, StoredPolicy> {
  const content: unknown = JSON.parse(text);
  if (!isRecord(content) || content["version"] !== 1 || !isRecord(content["policies"])) {
    throw new Error("it is not in the form that this version writes");
  }
  const policies = new Map<string, StoredPolicy>();
  for (const [host, policy] of Object.entries(content["policies"])) {
    if (isPolicy(policy)) policies.set(host, policy);
  }
  return policies;
}

function isPolicy(value: unknown): value is StoredPolicy {
  if (!isRecord(value)) return false;
  const port = value["port"];
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535 &&
    typeof value["untilMs"] === "number" && typeof value["durationMs"] === "number";
}
