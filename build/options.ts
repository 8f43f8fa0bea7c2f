import { parseArgs } from "node:util";
import type { BakedPaths } from "./permissions.ts";

/** What `deno task compile` was asked for. */
export interface CompileOptions extends BakedPaths {
  readonly target: string;
  readonly output: string;
}

/** All that `deno compile` can build for. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

export const HELP = `Builds the relay as one file.

  deno task compile [--target=TARGET] [--output=FILE] [--data-dir=FOLDER] [--config=FILE] [--without-browser]

--target    ${TARGETS.join("\n            ")}
            (default: this machine's)
--output    the file to write (default: ./kosmi-relay, with .exe for Windows)
--data-dir  the one folder that the binary may write (default: data, where it is started)
--config    the one configuration that it may read (default: matterbridge.toml, where it is started)
--without-browser
            a binary that may start no other program: for tokens that are imported, a browser elsewhere
            (BrowserURL) and anonymous visitors

DENORT_BIN names a base binary of the same version, where it can't be downloaded.`;

/** Throws an Error whose message is for the person who typed. Null: help is wanted. */
export function compileOptions(args: readonly string[], host: string): CompileOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", default: host },
      output: { type: "string" },
      "data-dir": { type: "string", default: "data" },
      config: { type: "string", default: "matterbridge.toml" },
      "without-browser": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { target, config } = values;
  if (!TARGETS.includes(target)) {
    throw new Error(`Cannot build for ${target}: targets are ${TARGETS.join(", ")}`);
  }
  const dataDirectory = values["data-dir"].replace(/(?<=.)\/+$/, "");
  for (const [flag, path] of [["--data-dir", dataDirectory], ["--config", config]] as const) {
    if (path === "" || path.includes("\0")) throw new Error(`Cannot build: ${flag} names nothing`);
  }
  if (dataDirectory === "/") throw new Error("Cannot build: --data-dir=/ would allow everything");
  const output = values.output ?? (target.includes("windows") ? "kosmi-relay.exe" : "kosmi-relay");
  return { target, output, dataDirectory, config, browser: !values["without-browser"] };
}
