import type { Happening, Plan } from "./plan.ts";

/**
 * Drops as much of a plan's schedule as it can while `fails` still says yes: first large pieces, then single happenings,
 * until nothing more can go or `mostTries` have been made.
 */
export async function shrink(
  plan: Plan,
  fails: (smaller: Plan) => Promise<boolean>,
  mostTries = 400,
): Promise<Plan> {
  let schedule: readonly Happening[] = plan.schedule;
  let tries = 0;
  let size = Math.ceil(schedule.length / 2);
  while (size >= 1 && tries < mostTries) {
    let dropped = false;
    for (let at = 0; at < schedule.length && tries < mostTries;) {
      const smaller = [...schedule.slice(0, at), ...schedule.slice(at + size)];
      tries++;
      if (await fails({ ...plan, schedule: smaller })) {
        schedule = smaller;
        dropped = true;
      } else at += size;
    }
    if (size === 1 && !dropped) break;
    if (size > 1) size = Math.ceil(size / 2);
  }
  return { ...plan, schedule };
}
