/**
 * Prints a software bill of materials (CycloneDX 1.5, JSON) of the binary: every npm package that src imports, and all they
 * need, with the checksums of deno.lock.
 *   deno run --allow-read build/sbom.ts > sbom.json
 */
import * as v from "valibot";

const ROOT = new URL("../", import.meta.url);

const Lock = v.object({
  specifiers: v.record(v.string(), v.string()),
  npm: v.record(
    v.string(),
    v.object({
      integrity: v.optional(v.string()),
      dependencies: v.optional(v.array(v.string()), []),
    }),
  ),
});

const Manifest = v.object({ version: v.string(), imports: v.record(v.string(), v.string()) });

interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** The bill for these import names of deno.json (`ws`, `graphql-ws/client`). */
export function bill(manifest: unknown, lock: unknown, imported: ReadonlySet<string>): unknown {
  const { version, imports } = v.parse(Manifest, manifest);
  const { specifiers, npm } = v.parse(Lock, lock);
  const components = new Map<string, Component>();
  const add = (key: string): void => {
    const entry = npm[key];
    if (entry === undefined || components.has(key)) return;
    components.set(key, component(key, entry.integrity ?? ""));
    for (const needed of entry.dependencies) add(keyOf(needed, npm));
  };
  for (const [name, specifier] of Object.entries(imports)) {
    const isUsed = [...imported].some((each) => each === name || each.startsWith(`${name}/`));
    if (!isUsed) continue;
    const [, packageName = "", range = ""] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(specifier) ??
      [];
    add(`${packageName}@${specifiers[`npm:${packageName}@${range}`] ?? ""}`);
  }
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "application", name: "kosmi-relay", version } },
    components: [...components.values()].sort((a, b) => a.purl < b.purl ? -1 : 1),
  };
}

/** deno.lock names a dependency without its version where there is only one. */
function keyOf(name: string, npm: Readonly<Record<string, unknown>>): string {
  if (name in npm) return name;
  return Object.keys(npm).find((key) => key.startsWith(`${name}@`)) ?? name;
}

function component(key: string, integrity: string): Component {
  const at = key.indexOf("@", 1);
  // What follows an underscore are the peers that this copy was resolved with.
  const [version = ""] = key.slice(at + 1).split("_");
  const name = key.slice(0, at);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const digest = /^sha512-(.+)$/.exec(integrity)?.[1];
  const hashes = digest === undefined ? [] : [{ alg: "SHA-512" as const, content: hex(digest) }];
  return { type: "library", "bom-ref": purl, name, version, purl, hashes };
}

function hex(base64: string): string {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).toHex();
}

/** Names of deno.json's imports that a file of src asks for. */
async function importedBySrc(folder: URL): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) { for (const name of await importedBySrc(url)) names.add(name); }
    else if (entry.name.endsWith(".ts")) {
      const text = await Deno.readTextFile(url);
      for (const [, name = ""] of text.matchAll(/(?:from|import\()\s*"([^".][^"]*)"/g)) {
        names.add(name);
      }
    }
  }
  return names;
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(new URL(path, ROOT)));
}

if (import.meta.main) {
  const imported = await importedBySrc(new URL("src/", ROOT));
  const made = bill(await json("deno.json"), await json("deno.lock"), imported);
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(made, null, 2)}\n`));
}
