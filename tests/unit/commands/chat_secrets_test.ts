import assert from "node:assert/strict";
import { makeChatCommands } from "../../../src/commands/chat/chat_commands.ts";
import type { AccountId } from "../../../src/relay/port/ids.ts";
import type { Relay } from "../../../src/relay/relay.ts";
import type { Config } from "../../../src/config/options/config.ts";
import { Redactor } from "../../../src/log/redactor.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { message } from "../relay/builders.ts";

const SECRET = "server-pass-7c1d9e";

Deno.test("a chat command's answer says no secret, whatever a server puts into a name", () => {
  const general = { commandAccounts: [], commandPrefix: `!${SECRET}-`, commandUsers: [] };
  const secrets = new Redactor();
  secrets.add(SECRET);
  const commands = makeChatCommands({ general } as unknown as Config, {
    accounts: [],
    relay: () => null as unknown as Relay,
    clock: new FakeClock(),
    redact: (text) => secrets.text(text),
  });
  const call = { account: "irc.a" as AccountId, event: message(`!${SECRET}-help`) };
  const command = commands.find(call);
  assert.ok(command);
  assert.ok(!command.run(call)?.includes(SECRET));
});
