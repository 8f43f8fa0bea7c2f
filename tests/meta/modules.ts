/** A part of src that imports by one rule. */
export type Module =
  | "base"
  | "relay"
  | "bridges/irc"
  | "bridges/kosmi"
  | "bridges/api"
  | "bridges/matterbridge"
  | "auth"
  | "store"
  | "config"
  | "log"
  | "status"
  | "commands"
  | "main";

interface ImportRule {
  /** Modules, or single files of a module (`relay/ids`), that may be imported. */
  readonly modules: readonly string[];
  /** Modules or files of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages and built-in modules, with how they may be imported. */
  readonly packages?: Readonly<Record<string, PackageRule>>;
  /** Members of `Deno` that may be used; null: all but `exit`. */
  readonly deno: readonly string[] | null;
}

/** `oneFile`: by a single file of the module; `late`: only by `import()` when it is needed, but for types. */
export type PackageRule = "free" | "oneFile" | "late";

/** What a bridge knows of the core: its port, and the values that cross it. */
const PORT = ["relay/port"];

const EVERYTHING = ["base", "relay", "bridges/irc", "bridges/kosmi", "auth", "store", "config"]
  .concat("bridges/api", "bridges/matterbridge", "log", "status", "commands");

/** "Each module and what it may touch": docs/architecture.md in a form that a test can read. */
export const MODULE_RULES: Readonly<Record<Module, ImportRule>> = {
  base: { modules: [], deno: [] },
  relay: { modules: ["base"], deno: [] },
  "bridges/irc": {
    modules: ["base", ...PORT],
    packages: {
      "irc-framework": "oneFile",
      "node:buffer": "free",
      "node:crypto": "free",
      "node:events": "free",
      "node:net": "free",
      "node:tls": "free",
      "socks": "late",
    },
    deno: ["readTextFile", "readFile", "errors"],
  },
  "bridges/kosmi": {
    modules: ["base", ...PORT],
    types: ["auth/browser/login_page"],
    packages: {
      "graphql-ws": "free",
      "node:buffer": "free",
      "node:dns/promises": "free",
      "node:http": "free",
      "node:https": "free",
      "node:net": "free",
      "node:tls": "free",
      "acorn": "late",
      "graphql": "late",
      "valibot": "free",
      "ws": "free",
    },
    deno: ["errors"],
  },
  // Both speak the JSON of Matterbridge's API.
  "bridges/api": {
    modules: ["base", ...PORT, "bridges/matterbridge/message"],
    packages: {
      "node:buffer": "free",
      "node:crypto": "free",
      "node:http": "free",
      "node:stream": "free",
      "ws": "free",
    },
    deno: ["listen", "errors"],
  },
  "bridges/matterbridge": {
    modules: ["base", ...PORT],
    packages: { "node:crypto": "free", "ws": "free" },
    deno: ["createHttpClient", "errors"],
  },
  auth: {
    modules: ["base"],
    types: ["store"],
    packages: {
      "node:buffer": "free",
      "node:crypto": "free",
      "puppeteer-core": "late",
      "valibot": "free",
    },
    deno: null,
  },
  store: {
    modules: ["base"],
    types: ["relay/port"],
    packages: {
      "node:buffer": "free",
      "node:crypto": "free",
      "node:path": "free",
      "node:sqlite": "free",
      "valibot": "free",
    },
    deno: null,
  },
  config: {
    modules: ["base"],
    packages: {
      "node:net": "free",
      "smol-toml": "free",
      "re2js": "late",
      "toml-eslint-parser": "late",
      "yaml": "free",
    },
    deno: ["env", "errors", "open", "readTextFile", "readFile"],
  },
  log: {
    modules: ["base"],
    packages: {
      "@logtape/logtape": "free",
      "node:buffer": "free",
      "node:crypto": "free",
      "@opentelemetry/api": "late",
    },
    deno: ["stderr", "stdout", "stdin", "noColor", "errors", "consoleSize"],
  },
  status: {
    modules: ["base", "log"],
    types: ["relay/port"],
    packages: {
      "node:buffer": "free",
      "node:crypto": "free",
      "prom-client": "late",
      "@opentelemetry/api": "late",
    },
    deno: ["listen", "errors", "memoryUsage"],
  },
  commands: {
    modules: EVERYTHING,
    // The version stands in deno.json, and only there.
    packages: {
      commander: "free",
      "deno.json": "free",
      "node:path": "free",
      "node:buffer": "free",
      "node:net": "oneFile",
      "node:v8": "oneFile",
      "node:vm": "oneFile",
      valibot: "free",
    },
    deno: null,
  },
  main: { modules: EVERYTHING, packages: { commander: "free", "deno.json": "free" }, deno: null },
};

/**
 * The folders of a module, from the top to the ground: a file imports its own folder and those that stand below it. ""
 * is the module's root: the files that put the parts together.
 */
export const FOLDER_ORDER: Partial<Readonly<Record<Module, readonly string[]>>> = {
  commands: [
    "",
    "init",
    "run",
    "doctor",
    "learn",
    "token",
    "reload",
    "health",
    "chat",
    "setup",
    "shared",
  ],
  status: ["", "page", "counts"],
  config: ["", "reading", "file", "options", "values"],
  "bridges/irc": [
    "",
    "reading",
    "puppets",
    "sending",
    "channels",
    "history",
    "login",
    "link",
    "text",
    "wire",
  ],
  "bridges/kosmi": ["", "pictures", "room", "learning", "link", "protocol", "text"],
  relay: ["", "links", "intake", "delivery", "port"],
};

/** Folders of a module that know nothing of each other. */
export const APART: Partial<Readonly<Record<Module, readonly string[]>>> = {
  store: ["sqlite", "files"],
};

/** Module of a file, by its path from the root (`src/bridges/irc/login/registration.ts`); null when it is in none. */
export function moduleOf(path: string): Module | null {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  for (const module of moduleNames()) {
    if (inside === module || inside.startsWith(`${module}/`)) return module;
  }
  return null;
}

function moduleNames(): Module[] {
  const names = Object.keys(MODULE_RULES);
  return names.filter((name): name is Module => name in MODULE_RULES);
}
