import manifest from "../../deno.json" with { type: "json" };

/** The version, from the one place where it is written. */
export const VERSION: string = manifest.version;
