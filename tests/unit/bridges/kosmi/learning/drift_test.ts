import assert from "node:assert/strict";
import { systemClock } from "../../../../../src/base/clock.ts";
import { OnceLog } from "../../../../../src/base/log.ts";
import { KosmiLink } from "../../../../../src/bridges/kosmi/link/link.ts";
import { probeSchema } from "../../../../../src/bridges/kosmi/link/drift.ts";
import { startKosmi } from "../../../../sandbox/kosmi/mod.ts";
import { LogRecorder } from "../../../../support/log_recorder.ts";
import { protocolWith } from "../support.ts";
import { KINDS } from "./app_variants.ts";

/** What doctor says of each kind of change: the operation that it meets, and a phrase that names it. */
const NAMED: Readonly<Record<string, readonly [operation: string, phrase: RegExp]>> = {
  "the text is called otherwise": ["newMessage", /field body/],
  "the root fields are called otherwise": ["sendMessage", /mutation sendMessage/],
  "the arguments are called otherwise": ["joinRoom", /argument id|mutation joinRoom|realmKey/],
  "an input object": ["joinRoom", /input/],
  "payloads are wrapped": ["newMessage", /field|message/],
  "the archive is a connection": ["chatArchive", /results|edges/],
  "a new argument that is an enum": ["joinRoom", /device/],
  "names in a profile": ["newMessage", /displayName/],
  "the author inside the member": ["newMessage", /field user/],
  "ids are called otherwise, and of another type": ["newMessage", /field id/],
  "the text in an object, the time otherwise": ["newMessage", /field (body|time)/],
};

for (const introspection of ["on", "off"] as const) {
  for (const [kind, [operation, phrase]] of Object.entries(NAMED)) {
    Deno.test(`doctor names what changed, with introspection ${introspection}: ${kind}`, async () => {
      const variants = { ...KINDS[kind], introspection } as const;
      await using kosmi = await startKosmi({ variants });
      const protocol = protocolWith();
      const link = await KosmiLink.dial({
        url: kosmi.wsEndpoint,
        headers: { Origin: new URL(kosmi.appUrl).origin, "User-Agent": protocol.userAgent },
        init: { token: kosmi.issueToken(), ua: "", v: protocol.v, r: "" },
        limits: protocol.limits,
        clock: systemClock,
        said: new OnceLog(new LogRecorder()),
        latency: () => {},
      }, new AbortController().signal);
      try {
        const { by, operations } = await probeSchema(link, protocol, null);
        assert.equal(by, introspection === "on" ? "schema" : "answers");
        const found = operations.find(({ name }) => name === operation);
        const said = [...found?.drift?.changes ?? [], ...found?.drift?.missing ?? []].join("; ");
        assert.match(said, phrase);
      } finally {
        await link.close(500);
      }
    });
  }
}
