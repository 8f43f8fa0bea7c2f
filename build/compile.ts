/**
 * Builds the relay as one file: bundles it, so that only what is used gets in, and compiles the bundle with the
 * permissions of permissions.ts. See options.ts for what can be asked for.
 */
import { type CompileOptions, compileOptions, HELP } from "./options.ts";
import { permissionFlags, platformOf } from "./permissions.ts";

const ROOT = new URL("../", import.meta.url);

/** Young objects get this much room (MiB): more makes V8 keep far more memory than the relay needs. */
const SEMI_SPACE_MIB = 2;

if (import.meta.main) Deno.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = compileOptions(Deno.args, Deno.build.target);
    if (options === null) {
      print(HELP);
      return 0;
    }
    if (!await build(options)) return 1;
    const { size } = await Deno.stat(options.output);
    print(`${options.output}: ${(size / 1e6).toFixed(1)} MB, for ${options.target}`);
    return 0;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** False where the base binary is missing: that has been said. */
async function build(options: CompileOptions): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "kosmi-relay-" });
  try {
    const entry = await bundle(folder, options);
    await deno([
      "compile",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-check",
      `--v8-flags=--max-semi-space-size=${SEMI_SPACE_MIB}`,
      // The cache would be a file beside the temporary ones of everybody else.
      "--no-code-cache",
      // Notices to systemd go to a datagram socket.
      "--unstable-net",
      `--target=${options.target}`,
      `--output=${options.output}`,
      ...permissionFlags(options, platformOf(options.target)),
      entry,
    ]);
    return true;
  } catch (error) {
    if (!isMissingBase(error)) throw error;
    print(
      `Cannot compile: the base binary (denort ${Deno.version.deno}) can't be downloaded. ` +
        "Name one of the same version with DENORT_BIN.",
    );
    return false;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Deno downloads what the program is put into, once for each version and target. */
function isMissingBase(error: unknown): boolean {
  return error instanceof Error && (Deno.env.get("DENORT_BIN") ?? "") === "" &&
    /denort|error sending request|dl\.deno\.land/i.test(error.message);
}

/** The program in a few files: what only a browser login needs stays apart, and unread until then. */
async function bundle(folder: string, options: CompileOptions): Promise<string> {
  await deno([
    "bundle",
    "--quiet",
    "--minify",
    "--code-splitting",
    `--outdir=${folder}`,
    new URL("src/main.ts", ROOT).pathname,
  ]);
  for await (const { name } of Deno.readDir(folder)) await giveRequire(`${folder}/${name}`);
  const entry = `${folder}/main.js`;
  const built = {
    commit: await commit(),
    dataDirectory: options.dataDirectory,
    config: options.config,
    browser: options.browser,
  };
  const front = `globalThis[Symbol.for("kosmi-relay.build")]=${JSON.stringify(built)};\n`;
  await Deno.writeTextFile(entry, front + await Deno.readTextFile(entry));
  return entry;
}

/** Packages of the older module form ask for Node's modules with `require`, which a module of the newer form lacks. */
async function giveRequire(file: string): Promise<void> {
  const code = await Deno.readTextFile(file);
  if (!code.includes("typeof require<")) return;
  const front = 'import{createRequire as makeRequire$}from"node:module";' +
    "const require=makeRequire$(import.meta.url);";
  await Deno.writeTextFile(file, front + code);
}

/** Of what is built: in a container there is no git, there it comes by the environment. */
async function commit(): Promise<string> {
  const named = Deno.env.get("KOSMI_RELAY_COMMIT")?.trim() ?? "";
  if (named !== "") return named;
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: ROOT }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  };
  try {
    const head = await git("rev-parse", "--short=12", "HEAD");
    if (head === null) return "unknown";
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? head : `${head}+changes`;
  } catch {
    return "unknown";
  }
}

/** The same Deno that runs this. Throws with what it said when it fails. */
async function deno(args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim()).join("\n");
  throw new Error(`Cannot ${args[0]}: ${said.trim()}`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
