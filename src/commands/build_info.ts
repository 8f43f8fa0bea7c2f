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
