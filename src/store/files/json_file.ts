import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { DataDirectory } from "./data_directory.ts";

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Values by key in one JSON file of the data directory, for what can be had again when it is lost. What can't be read or written is
 * logged, and is no reason not to go on.
 */
export class JsonFile {
  readonly #directory: DataDirectory;
  readonly #file: string;
  readonly #log: Logger;
  #values: Promise<Map<string, unknown>> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: DataDirectory, file: string, log: Logger) {
    this.#directory = directory;
    this.#file = file;
    this.#log = log;
  }

  /** Undefined where nothing is kept under the key. The caller checks what it is. */
  async get(key: string): Promise<unknown> {
    return (await this.#all()).get(key);
  }

  /** Null takes it out. Resolves when the file is written. */
  async set(key: string, value: unknown): Promise<void> {
    const values = await this.#all();
    if (value === null) values.delete(key);
    else values.set(key, value);
    if (!this.#directory.writable) return;
    return await (this.#writing = this.#writing.then(() => this.#write(values)));
  }

  #all(): Promise<Map<string, unknown>> {
    return this.#values ??= this.#read();
  }

  async #read(): Promise<Map<string, unknown>> {
    try {
      const bytes = await this.#directory.read(this.#file, MAX_BYTES);
      const content: unknown = bytes === null ? {} : JSON.parse(new TextDecoder().decode(bytes));
      const values = typeof content === "object" && content !== null
        ? Reflect.get(content, "values")
        : null;
      return new Map(typeof values === "object" && values !== null ? Object.entries(values) : []);
    } catch (error) {
      this.#complain("read", error);
      return new Map();
    }
  }

  async #write(values: ReadonlyMap<string, unknown>): Promise<void> {
    const text = `${JSON.stringify({ version: 1, values: Object.fromEntries(values) }, null, 1)}\n`;
    try {
      await this.#directory.write(this.#file, new TextEncoder().encode(text));
    } catch (error) {
      this.#complain("write", error);
    }
  }

  #complain(what: string, error: unknown): void {
    const properties = { file: this.#file, error: describeError(error) };
    this.#log.warn(`Cannot ${what} {file}: {error}`, properties);
  }
}
