import assert from "node:assert/strict";
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

for (const server of ["ngircd", "inspircd"] as const) {
  for (const tls of [false, true]) {
    const over = `${server} ${tls ? "with TLS" : "in plain text"}`;
    needs(server)(`200 mixed messages cross once, in order, unaltered: ${over}`, async () => {
      await using world = await World.create({ server, tls });
      const fromKosmi = texts(100);
      const fromIrc = texts(100);
      for (let n = 0; n < 100; n++) {
        world.kosmi.say(ROOM, { name: "Zoë" }, fromKosmi[n] ?? "");
        // Real servers keep a flooding client waiting: a few lines at a time.
        await world.alice.say(CHANNEL, fromIrc[n] ?? "");
        if (n % 5 === 4) await world.alice.sync(30_000);
      }
      await until(() => world.ircTexts().length >= 100, "100 lines in IRC", 60_000);
      await until(() => world.kosmiTexts().length >= 100, "100 messages in Kosmi", 60_000);
      assert.deepEqual(world.ircTexts(), fromKosmi.map((text) => `[Kosmi] <Zoë> ${text}`));
      assert.deepEqual(world.kosmiTexts(), fromIrc.map((text) => `[IRC] <alice> ${text}`));
    });
  }
}
