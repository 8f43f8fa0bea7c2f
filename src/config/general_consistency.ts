import { isLoopback } from "../base/loopback.ts";
import type { Findings } from "./fault.ts";
import { GENERAL_OPTIONS } from "./options_general.ts";
import type { Lookup } from "./read_options.ts";
import type { GeneralConfig } from "./types.ts";

/** What nobody guesses who may try for months. */
const SHORTEST_TOKEN = 16;

/** Looks at keys of `[general]` that belong together: what can't work is a fault, what has no effect a warning. */
export function checkGeneral(values: GeneralConfig, lookup: Lookup, findings: Findings): void {
  const { statusListen, statusToken } = values;
  if (statusListen === null) return warnOfIdle(lookup, findings);
  if (isLoopback(statusListen.host)) return;
  const placeOf = (name: "statusListen" | "statusToken") =>
    lookup.find(GENERAL_OPTIONS[name])?.place ?? lookup.place;
  if (statusToken === null) {
    findings.fault(
      placeOf("statusListen"),
      `found ${
        JSON.stringify(statusListen.host)
      }, which others can reach: set StatusToken, or listen on 127.0.0.1`,
    );
  } else if (statusToken.length < SHORTEST_TOKEN) {
    findings.warn(
      placeOf("statusToken"),
      `is short for an address that others can reach: take ${SHORTEST_TOKEN} random characters or more`,
    );
  }
}

function warnOfIdle(lookup: Lookup, findings: Findings): void {
  // One that could not be read has been told already.
  if ((lookup.find(GENERAL_OPTIONS.statusListen)?.raw ?? "") !== "") return;
  for (const name of ["statusToken", "statusShowMessages"] as const) {
    const found = lookup.find(GENERAL_OPTIONS[name]);
    if (found === null || found.raw === "" || found.raw === false) continue;
    findings.warn(found.place, "has no effect without StatusListen");
  }
}
