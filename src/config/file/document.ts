import { parse, TomlError } from "smol-toml";
import { isTable } from "../values/values.ts";
import type { LineOf } from "./fault.ts";
import { tomlLines } from "./lines.ts";
import { explainToml } from "./toml_faults.ts";

/** A parsed file: its values, and a way to find their lines. */
interface ConfigDocument {
  readonly root: Readonly<Record<string, unknown>>;
  /** Asked only when there is something to tell. */
  lines(): Promise<LineOf>;
}

/** Where the text stops being what it should be, in our own words: a parser's message quotes the file, with its passwords. */
export interface SyntaxFault {
  readonly line: number | null;
  readonly message: string;
}

export type Parsed = { readonly document: ConfigDocument } | { readonly fault: SyntaxFault };

/** Reads a configuration by the ending of its name: YAML, JSON, else TOML. */
export async function parseConfig(text: string, file: string): Promise<Parsed> {
  if (/\.(?:ya?ml|json)$/i.test(file)) {
    const { parseYaml } = await import("./yaml.ts");
    return parseYaml(text, /json$/i.test(file) ? "JSON" : "YAML");
  }
  return parseToml(text);
}

function parseToml(text: string): Parsed {
  try {
    // Some services have ids that pass what a number can hold, and people write them without quotes.
    const root = parse(text, { integersAsBigInt: "asNeeded" });
    return isTable(root)
      ? { document: { root, lines: () => tomlLines(text) } }
      : { fault: { line: null, message: "this is not valid TOML" } };
  } catch (thrown) {
    if (thrown instanceof TomlError) return { fault: explainToml(thrown, text) };
    // Nothing of what was thrown is passed on: its text could quote the file.
    return { fault: { line: null, message: "this is not valid TOML" } };
  }
}
