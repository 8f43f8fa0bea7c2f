import assert from "node:assert/strict";
import { startInspircd, startNgircd, type TestIrcServer } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { until } from "../support/wait.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";

/** Texts of many kinds; each is told from the others by its number. */
const KINDS: readonly ((n: number) => string)[] = [
  (n) => `plain text ${n}`,
  (n) => `${n} Grüße, žluťoučký kůň, שלום, 你好世界`,
  (n) => `${n} 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 é`,
  (n) => `${n} {NICK} {CHANNEL} $1 $& %s`,
  (n) => `  ${n} leading and inner   spaces`,
  (n) => `${n} <b>html</b> &amp; "quotes" 'n\\t backslash`,
  (n) => `/${n} slash, !${n} bang, :${n} colon`,
  (n) => `${n} https://example.org/?q=%20a&b=c#d_e_f`,
];

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, n) => (KINDS[n % KINDS.length] ?? String)(n));
}

/** Servers as patient as can be: what is tested is the relay, not the pace of the speakers. */
function patientServer(kind: "ngircd" | "inspircd"): Promise<TestIrcServer> {
  return kind === "ngircd"
    ? startNgircd({ penalty: false })
    : startInspircd({ commandRate: 1_000_000, threshold: 1_000, recvQ: 1_000_000 });
}

for (const kind of ["ngircd", "inspircd"] as const) {
  for (const tls of [false, true]) {
    const over = `${kind} ${tls ? "with TLS" : "in plain text"}`;
    needs(kind)(`200 mixed messages cross once, in order, unaltered: ${over}`, async () => {
      await using world = await World.create({ server: await patientServer(kind), tls });
      const fromKosmi = texts(100);
      const fromIrc = texts(100);
      for (let n = 0; n < 100; n++) {
        world.kosmi.say(ROOM, { name: "Zoë" }, fromKosmi[n] ?? "");
        await world.alice.say(CHANNEL, fromIrc[n] ?? "");
      }
      await until(() => world.ircTexts().length >= 100, "100 lines in IRC", 60_000);
      await until(() => world.kosmiTexts().length >= 100, "100 messages in Kosmi", 60_000);
      assert.deepEqual(world.ircTexts(), fromKosmi.map((text) => `[Kosmi] <Zoë> ${text}`));
      assert.deepEqual(world.kosmiTexts(), fromIrc.map((text) => `[IRC] <alice> ${text}`));
    });
  }
}
