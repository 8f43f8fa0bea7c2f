/** One `export` of a file: `relay/plan.ts` exports `planChange`. */
export interface Export {
  readonly file: string;
  readonly name: string;
}

/** A file by its path from the root, and its text. */
export type Sources = ReadonlyMap<string, string>;

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const EXPORT_LIST = /^export (?:type )?\{([^}]*)\}/gm;
const IMPORT = /^(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm;
/** `import * as a` may use whatever the file exports. */
const WHOLE_IMPORT = /^import (?:type )?\* as \w+ from "(\.[^"]+)"/gm;
const LATE_IMPORT = /\{([^{}]*)\} = await import\(\s*"(\.[^"]+)"/g;

/** Exports of src that no other file of `sources` imports by name. */
export function unusedExports(sources: Sources): Export[] {
  const used = new Set<string>();
  for (const [file, text] of sources) {
    for (
      const [, names = "", from = ""] of [...text.matchAll(IMPORT), ...text.matchAll(LATE_IMPORT)]
    ) {
      for (const name of namesOf(names)) used.add(`${resolve(file, from)} ${name}`);
    }
  }
  const whole = new Set(
    [...sources].flatMap(([file, text]) =>
      [...text.matchAll(WHOLE_IMPORT)].map(([, from = ""]) => resolve(file, from))
    ),
  );
  return [...sources].filter(([file]) => file.startsWith("src/") && !whole.has(file))
    .flatMap(([file, text]) => exportsOf(file, text))
    .filter(({ file, name }) => !used.has(`${file} ${name}`));
}

function exportsOf(file: string, text: string): Export[] {
  const declared = [...text.matchAll(EXPORT)].flatMap(([, name]) => name ?? []);
  const listed = [...text.matchAll(EXPORT_LIST)].flatMap(([, names = ""]) => namesOf(names));
  return [...declared, ...listed].map((name) => ({ file, name }));
}

/** `type A, b as c` names A and b; so does the `A, b: c` of a destructured import. */
function namesOf(list: string): string[] {
  return list.split(",")
    .map((one) => one.trim().replace(/^type /, "").split(/ as |:/)[0]?.trim() ?? "")
    .filter((name) => name !== "");
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}
