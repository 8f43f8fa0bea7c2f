import * as v from "valibot";
import { tempDir } from "../support/temp_dir.ts";

/** One import of one file, paths from the root of the project. */
export interface Import {
  readonly from: string;
  /** `src/base/clock.ts`, `npm:ws`, `node:net` */
  readonly to: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

const Graph = v.object({
  modules: v.array(v.object({
    specifier: v.string(),
    dependencies: v.optional(
      v.array(v.object({
        specifier: v.string(),
        code: v.optional(v.looseObject({ specifier: v.optional(v.string()) })),
        type: v.optional(v.looseObject({ specifier: v.optional(v.string()) })),
        isDynamic: v.optional(v.boolean()),
      })),
      [],
    ),
  })),
  redirects: v.optional(v.record(v.string(), v.string())),
});

const ROOT = new URL("../../", import.meta.url);

/** Paths from the root of all files that git knows, of those `where` is true for. */
export async function trackedFiles(where: (path: string) => boolean): Promise<string[]> {
  const { stdout, success } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: ROOT })
    .output();
  if (!success) throw new Error("Cannot list the project's files: git ls-files failed");
  const paths = new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
  const there = await Promise.all(paths.map(exists));
  return paths.filter((path, i) => there[i] === true && where(path));
}

/** Deleted files stay in git's list until the next commit. */
async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then((info) => info.isFile, () => false);
}

export async function readProjectFile(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Every import of the files of src, as Deno itself resolves them. */
export async function importsOfSrc(): Promise<Import[]> {
  const files = await trackedFiles((path) => /^src\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"));
  await using folder = await tempDir();
  const entry = folder.file("all.ts");
  const urls = files.map((path) => `import ${JSON.stringify(new URL(path, ROOT).href)};`);
  await Deno.writeTextFile(entry, urls.join("\n"));
  const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", new URL("deno.json", ROOT).pathname, entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  return importsOf(JSON.parse(new TextDecoder().decode(stdout)));
}

function importsOf(json: unknown): Import[] {
  const { modules } = v.parse(Graph, json);
  return modules.filter(({ specifier }) => specifier.startsWith(new URL("src/", ROOT).href))
    .flatMap(({ specifier, dependencies }) =>
      dependencies.map((dependency) => ({
        from: shorten(specifier),
        to: shorten(targetOf(dependency)),
        typeOnly: dependency.code === undefined,
        dynamic: dependency.isDynamic === true,
      }))
    );
}

function targetOf(
  { specifier, code, type }: {
    specifier: string;
    code?: { specifier?: string | undefined } | undefined;
    type?: { specifier?: string | undefined } | undefined;
  },
): string {
  return code?.specifier ?? type?.specifier ?? specifier;
}

/** `npm:/graphql-ws@6.4.2/client` is `npm:graphql-ws`; a file's URL is its path from the root. */
function shorten(specifier: string): string {
  if (specifier.startsWith(ROOT.href)) return specifier.slice(ROOT.href.length);
  const npm = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
  return npm === undefined ? specifier : `npm:${npm}`;
}
