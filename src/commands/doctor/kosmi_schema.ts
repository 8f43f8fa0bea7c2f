import { type OperationFinding, probeSchema } from "../../bridges/kosmi/link/drift.ts";
import type { KosmiLink } from "../../bridges/kosmi/link/link.ts";
import { findShape } from "../../bridges/kosmi/protocol/roles.ts";
import type { Schema } from "../../bridges/kosmi/protocol/schema.ts";
import type { OperationName } from "../../bridges/kosmi/protocol/protocol.ts";
import type { KosmiChecks } from "./kosmi.ts";

/** Without these nothing is relayed. */
const NEEDED: ReadonlySet<OperationName> = new Set(["joinRoom", "newMessage", "sendMessage"]);
/** What is lost without the others; an operation that is in neither list is only a comfort. */
const LOST: Readonly<Partial<Record<OperationName, string>>> = {
  currentUser: "the relay can't see whether Kosmi knows its login",
  chatArchive: "what is said while the relay is away is lost",
  messageEdited: "edits are not relayed",
  messageDeleted: "deletions are not relayed",
  sendReply: "answers are shown in words",
  memberJoins: "who comes is not shown",
  memberLeaves: "who leaves is not shown",
  reactionAdded: "reactions are not relayed",
  reactionRemoved: "reactions that are taken back are not relayed",
};
const REPORT =
  "the relay copes, but look for a newer kosmi-relay, or name it in [kosmi.NAME.overrides]";
const LEARNS =
  "the relay learns it from the web app by itself; look for a newer kosmi-relay all the same";
const MEND =
  "look for a newer kosmi-relay, or name what Kosmi has now in [kosmi.NAME.overrides] (see docs/doctor.md)";

/** Is each operation what we take it for? One row for all that fit, and one for each that does not. */
export async function checkSchema(
  { protocol, rows, inquiry }: KosmiChecks,
  link: KosmiLink,
  overHttp: Schema | null,
): Promise<void> {
  const learned = (await inquiry.reading).operations;
  const isLearnable = (name: OperationName) => {
    const fields = learned[name]?.fields ?? null;
    return fields !== null && findShape(protocol, protocol.operations[name].shape, fields) !== null;
  };
  const { by, operations } = await probeSchema(link, protocol, overHttp);
  const fitting = operations.filter(fits);
  const how = by === "schema" ? "by its schema" : "by its answers, as it does not show its schema";
  rows.ok("schema", `${fitting.length} of ${operations.length} operations are as known (${how})`);
  for (const operation of operations) {
    if (!fits(operation)) tellOperation(operation, isLearnable(operation.name), rows);
  }
}

function fits({ drift }: OperationFinding): boolean {
  return drift !== null && drift.changes.length === 0 && drift.missing.length === 0;
}

function tellOperation(
  { name, title, drift, said }: OperationFinding,
  isLearnable: boolean,
  rows: KosmiChecks["rows"],
): void {
  const check = `schema ${title}`;
  if (drift === null) {
    return rows.skipped(check, `Kosmi does not tell whether it is as known: ${said}`);
  }
  const { changes, missing } = drift;
  if (missing.length === 0) return rows.warn(check, `drifted: ${changes.join(", ")}`, REPORT);
  const seen = `Kosmi's schema no longer has ${missing.join(", ")}`;
  if (isLearnable) {
    return rows.warn(check, `${seen}; the web app says it otherwise`, LEARNS);
  }
  if (NEEDED.has(name)) return rows.broken(check, `${seen}: nothing is relayed without it`, MEND);
  const lost = LOST[name];
  if (lost === undefined) rows.ok(check, "Kosmi does not offer it, and the relay does without");
  else rows.warn(check, `${seen}: ${lost}`, MEND);
}
