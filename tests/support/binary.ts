import { judge, type TestRegistrar } from "./skip.ts";
import { tempDir } from "./temp_dir.ts";

/** A compiled relay, or why there is none here. */
export type Compiled =
  | { readonly kind: "built"; readonly path: string }
  | { readonly kind: "impossible"; readonly why: string };

const ROOT = new URL("../../", import.meta.url);

/**
 * Builds the binary into a folder as `deno task compile` does. Needs a base binary of Deno's own version: from the
 * network, or the one that DENORT_BIN names; KOSMI_RELAY_TEST_DENO is the deno of the same version where it is not the one
 * that runs the tests.
 */
export async function compileInto(folder: string, args: readonly string[] = []): Promise<Compiled> {
  const path = `${folder}/kosmi-relay`;
  const { success, stdout } = await new Deno.Command(testDeno(), {
    args: ["run", "-A", new URL("build/compile.ts", ROOT).pathname, `--output=${path}`, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  if (success) return { kind: "built", path };
  return { kind: "impossible", why: new TextDecoder().decode(stdout).trim() };
}

/** The deno that compiles. */
export function testDeno(): string {
  return Deno.env.get("KOSMI_RELAY_TEST_DENO") ?? Deno.execPath();
}

/** True when compiling may work at all: without either, every run without a network would wait for it in vain. */
function mayCompile(): boolean {
  return ["DENORT_BIN", "KOSMI_RELAY_TEST_NETWORK"].some((name) =>
    (Deno.env.get(name) ?? "") !== ""
  );
}

/** What a test with the binary is told. */
export interface BinaryContext {
  readonly binary: string;
  readonly context: Deno.TestContext;
}

/** Registers a test of the binary, by way of `needs(…)`. */
export type BinaryTestRegistrar = (
  register: TestRegistrar,
  name: string,
  fn: (binary: BinaryContext) => Promise<void>,
) => void;

/**
 * For tests of the compiled binary, which is built once for the file: `await binaryTests()`. Where there is no base binary
 * the tests are skipped by name, and fail with CI=true; a build that fails fails them everywhere.
 */
export async function binaryTests(): Promise<BinaryTestRegistrar> {
  if (!mayCompile()) return skipped;
  const folder = await tempDir("relay-binary-");
  globalThis.addEventListener("unload", () => Deno.removeSync(folder.path, { recursive: true }));
  const compiled = await compileInto(folder.path);
  return (register, name, fn) =>
    register(name, (context) => {
      if (compiled.kind === "impossible") throw new Error(compiled.why);
      return fn({ binary: compiled.path, context });
    });
}

function skipped(_register: TestRegistrar, name: string): void {
  const missing = ["DENORT_BIN or KOSMI_RELAY_TEST_NETWORK"];
  const verdict = judge(name, missing, Deno.env.get("CI") === "true");
  if (verdict.kind === "fail") {
    return Deno.test(name, () => {
      throw new Error(verdict.why);
    });
  }
  if (verdict.kind === "skip") {
    Deno.stdout.writeSync(new TextEncoder().encode(`${verdict.line}\n`));
  }
  Deno.test({ name, ignore: true, fn: () => {} });
}
