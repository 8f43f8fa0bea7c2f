/**
 * `deno task mutate [--module M] [--seed N] [--sample N] [--all]`: changes src in small ways, one at a time, and looks
 * whether a test notices. One copy of the project holds all changes of a module, each behind a switch that an
 * environment variable turns; a first run of each test file tells which changes it reaches, so that a change is tried
 * with the tests that can notice it only: those of its own module, and with `--all` every other one as well. Prints the share of the changes that were noticed, and those that were not.
 */
import { say } from "../sandbox/demo/print.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Each module's folder, and the tests that are its own. */
const MODULES: Readonly<Record<string, { readonly folder: string; readonly tests: RegExp }>> = {
  relay: { folder: "src/relay/", tests: /^tests\/(?:unit\/relay|contract)\// },
  store: { folder: "src/store/", tests: /^tests\/unit\/store\// },
  auth: { folder: "src/auth/", tests: /^tests\/(?:unit\/auth\/|e2e\/browser)/ },
  irc: {
    folder: "src/bridges/irc/",
    tests: /^tests\/(?:unit\/bridges\/irc|contract\/irc|e2e\/(?:irc_|puppets|sts))/,
  },
  kosmi: { folder: "src/bridges/kosmi/", tests: /^tests\/(?:unit\/bridges\/|contract\/kosmi)/ },
  api: { folder: "src/bridges/api/", tests: /\/api_/ },
  matterbridge: { folder: "src/bridges/matterbridge/", tests: /\/matterbridge_/ },
  config: { folder: "src/config/", tests: /^tests\/unit\/config\// },
  commands: { folder: "src/commands/", tests: /^tests\/unit\/commands\// },
  log: { folder: "src/log/", tests: /^tests\/unit\/log\// },
  status: { folder: "src/status/", tests: /^tests\/unit\/status\// },
  base: { folder: "src/base/", tests: /^tests\/unit\/base\// },
};
/** What a person would not call a mistake, or what nothing can see: texts, log calls' properties. */
const EXCLUDED = ["StringLiteral", "ObjectLiteral", "Regex"];
/** It runs inside web pages, where nothing turns the switch and nobody hears what was reached. */
const IN_A_PAGE = "src/auth/browser/page_script.ts";
/** Processes that may not read the environment run without changes. */
const SWITCH =
  `globalThis.__mutantSwitch ??= (() => { try { return { __STRYKER_ACTIVE_MUTANT__: Deno.env.get("__STRYKER_ACTIVE_MUTANT__") }; } catch { return {}; } })();
`;
const AT_A_TIME = 2;
const LEAST_LIMIT_MS = 20_000;

/** Not in deno.json: nobody who only builds or tests the relay has to download its seventy packages. */
const INSTRUMENTER: string = "npm:@stryker-mutator/instrumenter@10.1.1";

/** The part of the package that is used. */
interface InstrumenterModule {
  readonly Instrumenter: new (logger: Readonly<Record<string, () => unknown>>) => {
    instrument(
      files: readonly {
        readonly name: string;
        readonly mutate: boolean;
        readonly content: string;
      }[],
      options: {
        plugins: null;
        ignorers: readonly { shouldIgnore(path: CodePath): string | undefined }[];
        excludedMutations: readonly string[];
      },
    ): Promise<{
      readonly files: readonly { readonly name: string; readonly content: string }[];
      readonly mutants: readonly Mutant[];
    }>;
  };
}

/** A place in the code, as Babel has it. */
interface CodePath {
  readonly node: { readonly type: string };
  readonly parent?: {
    readonly type: string;
    readonly callee?: { readonly property?: { readonly name?: string } };
  };
}

/** A function that is written where a page is told to run it. */
function runsInAPage({ node, parent }: CodePath): boolean {
  return node.type === "ArrowFunctionExpression" && parent?.type === "CallExpression" &&
    /^evaluate/.test(parent.callee?.property?.name ?? "");
}

interface Mutant {
  readonly status?: string;
  readonly id: string;
  readonly fileName: string;
  readonly replacement: string;
  readonly location: { readonly start: { readonly line: number } };
  readonly mutatorName: string;
}

interface TestFile {
  readonly path: string;
  readonly tookMs: number;
  readonly reaches: ReadonlySet<string>;
}

interface Options {
  readonly modules: readonly string[];
  readonly seed: number;
  readonly sample: number;
  readonly all: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const after = (name: string): string | null => {
    const at = args.indexOf(`--${name}`);
    return at === -1 ? null : args[at + 1] ?? null;
  };
  const module = after("module");
  if (module !== null && MODULES[module] === undefined) {
    throw new Error(`Cannot mutate ${module}: the modules are ${Object.keys(MODULES).join(", ")}`);
  }
  return {
    modules: module === null ? Object.keys(MODULES) : [module],
    seed: Number(after("seed") ?? 1),
    sample: Number(after("sample") ?? 50),
    all: args.includes("--all"),
  };
}

/** A small generator (mulberry32): the same seed takes the same sample. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function projectFiles(): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await new Deno.Command("git", { args, cwd: ROOT }).output();
  return new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
}

/** Copies the project, with every change of the module built in. */
async function copyProject(
  folder: string,
  prefix: string,
  files: readonly string[],
): Promise<Mutant[]> {
  const sources: { name: string; mutate: boolean; content: string }[] = [];
  for (const path of files) {
    const bytes = await Deno.readFile(ROOT + path).catch(() => null);
    if (bytes === null) continue;
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(target, bytes);
    await Deno.chmod(target, (await Deno.stat(ROOT + path)).mode ?? 0o644);
    const isCode = path.endsWith(".ts") && !path.endsWith(".d.ts") && path !== IN_A_PAGE;
    if (path.startsWith(prefix) && isCode) {
      sources.push({ name: path, mutate: true, content: new TextDecoder().decode(bytes) });
    }
  }
  const [no, quiet] = [() => false, () => {}];
  const logger = {
    isTraceEnabled: no,
    isDebugEnabled: no,
    isInfoEnabled: no,
    isWarnEnabled: no,
    isErrorEnabled: no,
    isFatalEnabled: no,
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: quiet,
    fatal: quiet,
  };
  const { Instrumenter }: InstrumenterModule = await import(INSTRUMENTER);
  const instrumented = await new Instrumenter(logger).instrument(sources, {
    plugins: null,
    ignorers: [{ shouldIgnore: (path) => runsInAPage(path) ? "runs in a page" : undefined }],
    excludedMutations: EXCLUDED,
  });
  const reporter = `
if (globalThis.__mutantsReached === undefined) {
  globalThis.__mutantsReached = true;
  globalThis.addEventListener("unload", () => {
    try {
      const folder = Deno.env.get("MUTANTS_REACHED");
      const reached = Object.keys(globalThis.__stryker__?.mutantCoverage?.static ?? {});
      if (folder) Deno.writeTextFileSync(folder + "/" + crypto.randomUUID(), reached.join("\\n"));
    } catch { /* A test without permissions says nothing of what it reached. */ }
  });
}
`;
  for (const { name, content } of instrumented.files) {
    await Deno.writeTextFile(
      `${folder}/${name}`,
      SWITCH + content.replaceAll("g.process.env", "globalThis.__mutantSwitch") + reporter,
    );
  }
  return instrumented.mutants.filter(({ status }) => status !== "Ignored");
}

interface Run {
  readonly passed: boolean;
  readonly tookMs: number;
}

async function runTests(
  folder: string,
  tests: readonly string[],
  env: Record<string, string>,
  limitMs: number,
): Promise<Run> {
  const startMs = performance.now();
  // The limit ends the whole group, servers that the tests started included.
  const child = new Deno.Command("timeout", {
    args: [
      "--kill-after=5",
      String(Math.ceil(limitMs / 1_000)),
      Deno.execPath(),
      "test",
      "-A",
      "--no-check",
      "--fail-fast",
      "--quiet",
      ...tests,
    ],
    cwd: folder,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const { success } = await child.status;
  return { passed: success, tookMs: performance.now() - startMs };
}

/** Which changes each test file reaches, and how long it takes. A file that fails without a change is left out. */
async function survey(folder: string, paths: readonly string[]): Promise<TestFile[]> {
  const found: TestFile[] = [];
  await inParallel(paths, async (path) => {
    const reached = await Deno.makeTempDir({ prefix: "mutants-" });
    const { passed, tookMs } = await runTests(
      folder,
      [path],
      { MUTANTS_REACHED: reached },
      300_000,
    );
    const reaches = new Set<string>();
    for await (const { name } of Deno.readDir(reached)) {
      for (const id of (await Deno.readTextFile(`${reached}/${name}`)).split("\n")) reaches.add(id);
    }
    await Deno.remove(reached, { recursive: true });
    if (passed) found.push({ path, tookMs, reaches });
    else say(`left out, it fails without any change: ${path}`);
  });
  return found;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const one = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

async function isNoticed(
  folder: string,
  mutant: Mutant,
  tests: readonly TestFile[],
): Promise<boolean> {
  const able = tests.filter(({ reaches }) => reaches.has(mutant.id)).sort((a, b) =>
    a.tookMs - b.tookMs
  );
  for (const { path, tookMs } of able) {
    const env = { __STRYKER_ACTIVE_MUTANT__: mutant.id };
    if (!(await runTests(folder, [path], env, Math.max(LEAST_LIMIT_MS, 4 * tookMs))).passed) {
      return true;
    }
  }
  return false;
}

async function mutateModule(
  name: string,
  options: Options,
  files: readonly string[],
): Promise<void> {
  const module = MODULES[name];
  if (module === undefined) return;
  const folder = await Deno.makeTempDir({ prefix: "kosmi-relay-mutants-" });
  try {
    const { folder: prefix, tests: own } = module;
    const mutants = await copyProject(folder, prefix, files);
    const paths = files.filter((path) =>
      path.endsWith("_test.ts") && (options.all || own.test(path))
    );
    const tests = await survey(
      folder,
      paths.toSorted((a, b) => Number(own.test(b)) - Number(own.test(a))),
    );
    const random = randomOf(options.seed);
    const sample = mutants.map((mutant) => ({ mutant, key: random() }))
      .sort((a, b) => a.key - b.key).slice(0, options.sample).map(({ mutant }) => mutant);
    const survivors: Mutant[] = [];
    await inParallel(sample, async (mutant) => {
      if (!await isNoticed(folder, mutant, tests)) survivors.push(mutant);
    });
    report(name, mutants.length, sample.length, survivors);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function report(name: string, all: number, tried: number, survivors: readonly Mutant[]): void {
  const noticed = tried - survivors.length;
  say(
    `${name}: ${
      (100 * noticed / tried).toFixed(0)
    } % noticed (${noticed} of ${tried}, out of ${all})`,
  );
  for (const { fileName, location, mutatorName, replacement } of survivors) {
    const text = replacement.replaceAll(/\s+/g, " ").slice(0, 100);
    say(`  ${fileName}:${location.start.line + 1}  ${mutatorName}: ${text}`);
  }
}

const options = optionsOf(Deno.args);
const files = await projectFiles();
for (const name of options.modules) await mutateModule(name, options, files);
