/** A part of src that imports by one rule. */
export type Room =
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

interface RoomRule {
  /** Rooms, or single files of a room (`relay/ids`), that may be imported. */
  readonly rooms: readonly string[];
  /** Rooms or files of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages and built-in modules, with how they may be imported. */
  readonly modules?: Readonly<Record<string, ModuleRule>>;
  /** Members of `Deno` that may be used; null: all but `exit`. */
  readonly deno: readonly string[] | null;
}

/** `oneFile`: by a single file of the room; `late`: only by `import()` when it is needed, but for types. */
export type ModuleRule = "free" | "oneFile" | "late";

/** What a bridge knows of the core: its port, and the values that cross it. */
const PORT = ["relay/port"];

const EVERYTHING = ["base", "relay", "bridges/irc", "bridges/kosmi", "auth", "store", "config"]
  .concat("bridges/api", "bridges/matterbridge", "log", "status", "commands");

/** "Each room and what it may touch": docs/architecture.md in a form that a test can read. */
export const ROOM_RULES: Readonly<Record<Room, RoomRule>> = {
  base: { rooms: [], deno: [] },
  relay: { rooms: ["base"], deno: [] },
  "bridges/irc": {
    rooms: ["base", ...PORT],
    modules: {
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
    rooms: ["base", ...PORT],
    modules: {
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
    rooms: ["base", ...PORT, "bridges/matterbridge/message"],
    modules: {
      "node:buffer": "free",
      "node:crypto": "free",
      "node:http": "free",
      "node:stream": "free",
      "ws": "free",
    },
    deno: ["listen", "errors"],
  },
  "bridges/matterbridge": {
    rooms: ["base", ...PORT],
    modules: { "node:crypto": "free", "ws": "free" },
    deno: ["createHttpClient", "errors"],
  },
  auth: {
    rooms: ["base"],
    types: ["store"],
    modules: {
      "node:buffer": "free",
      "node:crypto": "free",
      "puppeteer-core": "late",
      "valibot": "free",
    },
    deno: null,
  },
  store: {
    rooms: ["base"],
    types: ["relay/port"],
    modules: {
      "node:buffer": "free",
      "node:crypto": "free",
      "node:path": "free",
      "node:sqlite": "free",
      "valibot": "free",
    },
    deno: null,
  },
  config: {
    rooms: ["base"],
    modules: {
      "node:net": "free",
      "smol-toml": "free",
      "re2js": "late",
      "toml-eslint-parser": "late",
      "yaml": "free",
    },
    deno: ["env", "errors", "open", "readTextFile", "readFile"],
  },
  log: {
    rooms: ["base"],
    modules: {
      "@logtape/logtape": "free",
      "node:buffer": "free",
      "node:crypto": "free",
      "@opentelemetry/api": "late",
    },
    deno: ["stderr", "stdout", "stdin", "noColor", "errors", "consoleSize"],
  },
  status: {
    rooms: ["base", "log"],
    types: ["relay/port"],
    modules: {
      "node:buffer": "free",
      "node:crypto": "free",
      "prom-client": "late",
      "@opentelemetry/api": "late",
    },
    deno: ["listen", "errors", "memoryUsage"],
  },
  commands: {
    rooms: EVERYTHING,
    // The version stands in deno.json, and only there.
    modules: {
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
  main: { rooms: EVERYTHING, modules: { commander: "free", "deno.json": "free" }, deno: null },
};

/**
 * The folders of a room, from the top to the ground: a file imports its own folder and those that stand below it. ""
 * is the room's root: the files that put the parts together.
 */
export const FOLDER_ORDER: Partial<Readonly<Record<Room, readonly string[]>>> = {
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

/** Folders of a room that know nothing of each other. */
export const APART: Partial<Readonly<Record<Room, readonly string[]>>> = {
  store: ["sqlite", "files"],
};

/** Room of a file, by its path from the root (`src/bridges/irc/login/registration.ts`); null when it is in none. */
export function roomOf(path: string): Room | null {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  for (const room of roomNames()) {
    if (inside === room || inside.startsWith(`${room}/`)) return room;
  }
  return null;
}

function roomNames(): Room[] {
  const names = Object.keys(ROOM_RULES);
  return names.filter((name): name is Room => name in ROOM_RULES);
}
