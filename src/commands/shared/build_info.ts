import manifest from "../../../deno.json" with { type: "json" };

/** What `deno task compile` wrote into the binary; from source nothing is fixed. */
export interface BuildInfo {
  /** Short id of the commit, with "+changes" where the source had others. */
  readonly commit: string;
  /** The one folder that the binary may write, as it was given; null from source: any. */
  readonly dataDirectory: string | null;
  /** The one configuration that the binary may read; null from source: any. */
  readonly config: string | null;
}

/** The compile task puts an object with this key in front of the program (see build/compile.ts). */
const KEY = Symbol.for("kosmi-relay.build");

/** Asked for when it is needed, not once: imports are evaluated before what stands in front of the program. */
export function buildInfo(): BuildInfo {
  const built: unknown = Reflect.get(globalThis, KEY);
  const text = (name: string): string | null => {
    const value: unknown = typeof built === "object" && built !== null
      ? Reflect.get(built, name)
      : null;
    return typeof value === "string" && value !== "" ? value : null;
  };
  return {
    commit: text("commit") ?? "unknown",
    dataDirectory: text("dataDirectory"),
    config: text("config"),
  };
}

/** How a person starts this program: for what messages tell them to run. */
export function programName(): string {
  if (!Deno.build.standalone) return "deno run -A src/main.ts";
  return buildInfo().dataDirectory === "data" ? "./kosmi-relay" : "kosmi-relay";
}

/** Whether the program may be pointed at other files than those that it was built with: no advice may name others. */
export function isFree(): boolean {
  return !Deno.build.standalone;
}

/** The version, from the one place where it is written. */
export const VERSION: string = manifest.version;

/** The version with all that a report of a fault should name. */
export function fullVersion(): string {
  return [
    `kosmi-relay ${VERSION}`,
    `commit ${buildInfo().commit}`,
    `deno ${Deno.version.deno}`,
    `v8 ${Deno.version.v8}`,
    Deno.build.target,
  ].join("\n");
}
