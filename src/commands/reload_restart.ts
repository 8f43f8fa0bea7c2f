import { GENERAL_OPTIONS } from "../config/options_general.ts";
import type { Config } from "../config/types.ts";

/** What is set up once, when the program starts. */
const AT_START = [
  "debug",
  "logLevel",
  "logLevels",
  "logFormat",
  "statusListen",
  "statusToken",
  "statusShowMessages",
] as const satisfies readonly (keyof typeof GENERAL_OPTIONS)[];

/** The changed keys of [general] that only a restart takes over. */
export function restartKeys(before: Config, next: Config): string[] {
  return AT_START.filter((name) =>
    JSON.stringify(before.general[name]) !== JSON.stringify(next.general[name])
  ).map((name) => GENERAL_OPTIONS[name].key);
}
