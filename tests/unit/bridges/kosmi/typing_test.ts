import assert from "node:assert/strict";
import type { Person } from "../../../../src/relay/port/event.ts";
import type { ChannelId } from "../../../../src/relay/port/ids.ts";
import { startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { FixedCredentials, RecordingHost, runBridge } from "./support.ts";

const ROOM = "@movienight" as ChannelId;

/** Wants to know who types. */
class CuriousHost extends RecordingHost {
  readonly typists: string[] = [];

  wantsTyping(): boolean {
    return true;
  }

  typing(_channel: ChannelId, who: Person): void {
    this.typists.push(who.nick);
    this.changes.notify();
  }
}

for (const introspection of ["on", "off"] as const) {
  Deno.test(`KosmiBridge tells who is typing, where that is wanted, schema ${introspection}`, async () => {
    await using kosmi = await startKosmi({ variants: { introspection } });
    const stranger = new FixedCredentials([kosmi.issueToken({ anonymous: true })]);
    await using other = runBridge({ kosmi, credentials: stranger });
    await other.host.waitUp();
    const host = new CuriousHost([ROOM]);
    await using running = runBridge({ kosmi, host });
    await host.waitUp();
    const eight = () => kosmi.connections().some(({ subscriptions }) => subscriptions.length === 8);
    await kosmi.waitUntil(eight, 5_000, "eight subscriptions");
    kosmi.typing(ROOM, { name: "alice" });
    await host.waitFor(() => host.typists.includes("alice"), "alice to type");
    running.bridge.typing(ROOM, true);
    other.bridge.typing(ROOM, false);
    other.bridge.typing(ROOM, true);
    await host.waitFor(() => host.typists.length === 2, "the other to type");
    assert.notEqual(host.typists[1], "alice");
  });
}
