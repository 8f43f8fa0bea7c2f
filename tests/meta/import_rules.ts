import type { Import } from "./module_graph.ts";
import { APART, FOLDER_ORDER, type Module, MODULE_RULES, moduleOf } from "./modules.ts";

/** What is wrong with these imports, one sentence each. */
export function importFaults(imports: readonly Import[]): string[] {
  return [...imports.flatMap(faultOf), ...oneFileFaults(imports)];
}

function faultOf(one: Import): string[] {
  const module = moduleOf(one.from);
  if (module === null) return [`${one.from} is in no module: see tests/meta/modules.ts`];
  if (!one.to.startsWith("src/")) return packageFault(one, module);
  const target = moduleOf(one.to);
  if (target === module) return orderFault(one, module);
  const { modules, types = [] } = MODULE_RULES[module];
  if (names(modules, one.to)) return [];
  if (names(types, one.to)) {
    return one.typeOnly ? [] : [`${one.from} may import only types of ${one.to} (import type)`];
  }
  return [`${one.from} imports ${one.to}: ${module} may not import ${target ?? "that"}`];
}

function orderFault({ from, to }: Import, module: Module): string[] {
  const [above, below] = [folderOf(from, module), folderOf(to, module)];
  if (above === below) return [];
  if (APART[module]?.includes(above) === true && APART[module].includes(below)) {
    return [`${from} imports ${to}: ${above} and ${below} know nothing of each other`];
  }
  const order = FOLDER_ORDER[module];
  if (order === undefined) return [];
  const [upper, lower] = [order.indexOf(above), order.indexOf(below)];
  if (upper < 0 || lower < 0) {
    return [`${upper < 0 ? from : to} is in no folder of ${module}: see tests/meta/modules.ts`];
  }
  return upper < lower
    ? []
    : [`${from} imports ${to}: ${below || "the root"} stands above ${above}`];
}

/** `src/bridges/irc/login/sasl.ts` is in `login`; a file at the module's root is in "". */
function folderOf(path: string, module: Module): string {
  return path.slice(`src/${module}/`.length).split("/").slice(0, -1).join("/");
}

/** True when one of the names is the file's module, or the file itself. */
function names(allowed: readonly string[], path: string): boolean {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  return allowed.some((name) => inside === name || inside.startsWith(`${name}/`));
}

function packageFault(one: Import, module: keyof typeof MODULE_RULES): string[] {
  const name = one.to.replace(/^npm:(@types\/)?/, "");
  const rule = MODULE_RULES[module].packages?.[name];
  if (rule === undefined) return [`${one.from} imports ${name}: ${module} may not`];
  if (rule === "late" && !one.dynamic && !one.typeOnly) {
    return [`${one.from} imports ${name} at once: only import() when it is needed`];
  }
  return [];
}

function oneFileFaults(imports: readonly Import[]): string[] {
  const users = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const module = moduleOf(from);
    const name = to.replace(/^npm:/, "");
    if (module === null || MODULE_RULES[module].packages?.[name] !== "oneFile") continue;
    users.set(name, (users.get(name) ?? new Set()).add(from));
  }
  return [...users].filter(([, files]) => files.size > 1)
    .map(([name, files]) => `${name} is imported by ${[...files].join(" and ")}: one file may`);
}

/** Files that import each other, by whatever way, types left aside: one sentence for each circle. */
export function circles(imports: readonly Import[]): string[] {
  const graph = Map.groupBy(
    imports.filter(({ to, typeOnly, dynamic }) => to.startsWith("src/") && !typeOnly && !dynamic),
    ({ from }) => from,
  );
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.add([...way.slice(at), file].join(" -> "));
    if (at >= 0 || done.has(file)) return;
    for (const { to } of graph.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return [...found];
}
