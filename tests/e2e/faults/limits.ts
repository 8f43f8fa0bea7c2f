import type { PlanLimits } from "./plan.ts";
import { faketimeLibrary } from "./shifted_clock.ts";
import { canMount } from "./small_disk.ts";

/** What can be played here, and the names of what can't. */
export async function machineLimits(): Promise<{ limits: PlanLimits; skipped: string[] }> {
  const diskFull = await canMount();
  const clockJump = faketimeLibrary() !== null;
  return {
    limits: { diskFull, clockJump },
    skipped: [
      ...(diskFull ? [] : ["disk full (needs root and mount)"]),
      ...(clockJump ? [] : ["clock jumped (needs libfaketime)"]),
    ],
  };
}
