import assert from "node:assert/strict";
import type { Fault } from "../../e2e/faults/fault.ts";
import type { FaultRecord } from "../../e2e/faults/fault_record.ts";
import type { ServerKind } from "../../e2e/faults/plan.ts";
import { Witness } from "../../e2e/faults/witness.ts";

const MARK = { series: "bob", number: 7 };

/** A connection whose lines came at the given times: `> …` from the relay, `< …` from the server. */
function link(endMs: number, ...lines: readonly (readonly [number, string])[]) {
  return {
    endMs,
    lines: lines.map(([atMs, text]) => ({
      way: text.startsWith(">") ? "toServer" as const : "toClient" as const,
      atMs,
      text: text.slice(2),
    })),
  };
}

function happened(fault: Fault, startMs: number): FaultRecord {
  return { fault, startMs, downMs: startMs, endMs: startMs };
}

const KILLED = (atMs: number) => happened({ kind: "relay killed", downMs: 0 }, atMs);
const SERVER_KILLED = (atMs: number) => happened({ kind: "IRC server killed", downMs: 0 }, atMs);
const CAME = "< :relay!r@h JOIN #films";
const SAID = "< :bob!b@h PRIVMSG #films :bob#7 hello";
const SENT = "> PRIVMSG #films :<bob> bob#7 hello";

function witness(kind: ServerKind, links: ReturnType<typeof link>[], ...faults: FaultRecord[]) {
  return new Witness(links, faults, { kind, remembers: kind === "chathistory" });
}

Deno.test("Witness excuses on a server without history only what never reached the relay", () => {
  const away = witness("ngircd", [link(50, [0, CAME]), link(9_000, [200, CAME])]);
  assert.match(away.whyNotHeard(MARK, 100) ?? "", /not connected/);
  const heard = witness("ngircd", [link(9_000, [0, CAME], [100, SAID])]);
  assert.equal(heard.whyNotHeard(MARK, 90), null);
});

Deno.test("Witness excuses what lay in the socket of a killed relay, unless a later answer shows that it was read", () => {
  const buffered = link(Infinity, [0, CAME], [100, SAID]);
  assert.match(witness("ngircd", [buffered], KILLED(120)).whyNotHeard(MARK, 90) ?? "", /buffer/);
  assert.equal(witness("ngircd", [buffered], KILLED(1_500)).whyNotHeard(MARK, 90), null);
  const read = link(Infinity, [0, CAME], [100, SAID], [110, "> PONG x"]);
  assert.equal(witness("ngircd", [read], KILLED(120)).whyNotHeard(MARK, 90), null);
});

Deno.test("Witness excuses nothing that a server's history showed, and nothing where it survives restarts", () => {
  const links = [link(50, [0, CAME]), link(9_000, [200, CAME])];
  assert.equal(witness("inspircd", links).whyNotHeard(MARK, 100), null);
  assert.match(
    witness("inspircd", links, SERVER_KILLED(150)).whyNotHeard(MARK, 100) ?? "",
    /lost its history/,
  );
  assert.equal(witness("chathistory", links, SERVER_KILLED(150)).whyNotHeard(MARK, 100), null);
});

Deno.test("Witness excuses a second copy only where no answer to the first was read and no history tells", () => {
  const unanswered = [link(200, [100, SENT]), link(9_000, [300, SENT])];
  const answered = [link(2_000, [100, SENT], [110, "< :s PONG s :x"]), link(9_000, [3_000, SENT])];
  const twice = [link(9_000, [100, SENT], [300, SENT])];
  assert.match(witness("ngircd", unanswered).whySentAgain(MARK) ?? "", /killed/);
  assert.equal(witness("ngircd", answered).whySentAgain(MARK), null);
  assert.equal(witness("ngircd", twice).whySentAgain(MARK), null);
  assert.equal(witness("inspircd", unanswered).whySentAgain(MARK), null);
  assert.match(
    witness("inspircd", unanswered, SERVER_KILLED(250)).whySentAgain(MARK) ?? "",
    /no history/,
  );
  assert.equal(witness("chathistory", unanswered).whySentAgain(MARK), null);
});
