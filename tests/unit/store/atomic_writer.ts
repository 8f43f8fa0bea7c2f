// Writes one file again and again until it is killed; for atomic_file_test.ts.
import { writeAtomically } from "../../../src/store/files/safe_file.ts";

const [directory = ".", name = "file"] = Deno.args;
const encoder = new TextEncoder();
for (let round = 1;; round++) {
  // Longer than one block of a disk, and each byte tells which writing it is of.
  const text = `${round}:${String(round % 10).repeat(20_000 + round % 7)}\n`;
  await writeAtomically(directory, name, encoder.encode(text));
  if (round === 1) Deno.stdout.writeSync(encoder.encode("ready\n"));
}
