import manifest from "../../deno.json" with { type: "json" };
import { buildInfo } from "./build_info.ts";

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
