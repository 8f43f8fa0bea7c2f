import type { TempDir } from "../../support/temp_dir.ts";

const LIBRARIES = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/faketime/libfaketime.so.1",
];

/** Where libfaketime is; null when it is not installed. */
export function faketimeLibrary(): string | null {
  for (const path of LIBRARIES) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not there.
    }
  }
  return null;
}

/**
 * The wall clock of one process, set by libfaketime from outside; its monotonic clock goes on as it is, as when
 * somebody sets a machine's clock.
 */
export class ShiftedClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;
  #byMs = 0;

  private constructor(file: string, library: string) {
    this.#file = file;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  static async create(dir: TempDir, library: string): Promise<ShiftedClock> {
    const clock = new ShiftedClock(dir.file("shift"), library);
    await clock.jump(0);
    return clock;
  }

  async jump(byMs: number): Promise<void> {
    this.#byMs += byMs;
    const seconds = this.#byMs / 1_000;
    // The process reads the file at every look at the clock: it must never see half of it.
    await Deno.writeTextFile(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await Deno.rename(`${this.#file}.new`, this.#file);
  }
}
