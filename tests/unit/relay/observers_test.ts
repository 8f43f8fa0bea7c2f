import assert from "node:assert/strict";
import type { AccountId } from "../../../src/relay/port/ids.ts";
import { noObserver, observers, type RelayObserver } from "../../../src/relay/port/observer.ts";
import { delivery, endpoint, message, outgoing } from "./builders.ts";

const HERE = endpoint("memory.a #a");
const ACCOUNT = "memory.a" as AccountId;

/** Each call once, with arguments that tell it from the others. */
const CALLS: readonly { readonly [Name in keyof RelayObserver]?: readonly unknown[] }[] = [
  { accepted: [HERE, [], message("x")] },
  { command: [HERE] },
  { duplicate: [HERE] },
  { shown: [HERE, 3] },
  { confirmed: [delivery(1, outgoing("x")), 7] },
  { dropped: [HERE, "films", [], { cause: "limits", words: "too old" }] },
  { linkState: [ACCOUNT, { kind: "stopped" }] },
  { channelState: [HERE, { kind: "up", sinceMs: 5 }] },
  { latency: [ACCOUNT, 12] },
];

type Heard = [who: string, call: string, told: readonly unknown[]];

function ear(who: string, heard: Heard[]): RelayObserver {
  const listen = (name: string) => (...told: unknown[]) => void heard.push([who, name, told]);
  const names = Object.keys(noObserver).concat("command").filter((name) => name !== "about");
  return {
    ...noObserver,
    ...Object.fromEntries(names.map((name) => [name, listen(name)])),
    about: (_delivery, say) => {
      heard.push([who, "about", []]);
      say();
    },
  };
}

Deno.test("observers() tells each of them all that it is told, as it was told", () => {
  for (const call of CALLS) {
    const [[name, told] = ["", []]] = Object.entries(call);
    const heard: Heard[] = [];
    const all = observers([ear("one", heard), ear("two", heard)]);
    (all as unknown as Record<string, (...told: readonly unknown[]) => void>)[name]?.(...told);
    assert.deepEqual(heard, [["one", name, told], ["two", name, told]]);
  }
});

Deno.test("observers() says inside of all of them what is about a delivery, once", () => {
  const heard: Heard[] = [];
  const all = observers([ear("one", heard), ear("two", heard)]);
  all.about(delivery(1, outgoing("x")), () => void heard.push(["", "said", []]));
  assert.deepEqual(heard.map(([who, call]) => `${who} ${call}`), [
    "one about",
    "two about",
    " said",
  ]);
});

Deno.test("observers() does without those who do not listen for commands", () => {
  const { command: _none, ...deaf } = { ...noObserver, command: () => {} };
  observers([deaf]).command?.(HERE);
});
