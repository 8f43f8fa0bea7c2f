// Takes the lock that the argument names and holds it until it is killed; for lock_test.ts.
import { takeLock } from "../../../src/store/files/lock.ts";

const attempt = await takeLock(Deno.args[0] ?? "");
Deno.stdout.writeSync(new TextEncoder().encode(`${attempt.kind}\n`));
setInterval(() => {}, 60_000);
