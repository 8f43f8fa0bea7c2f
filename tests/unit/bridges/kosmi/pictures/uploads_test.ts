import assert from "node:assert/strict";
import type { OutgoingMessage } from "../../../../../src/relay/port/bridge.ts";
import { plainText, textOf } from "../../../../../src/relay/port/rich_text.ts";
import type { AccountId, UserId } from "../../../../../src/relay/port/ids.ts";
import type { PictureNetwork } from "../../../../../src/bridges/kosmi/link/options.ts";
import { PictureUploads } from "../../../../../src/bridges/kosmi/pictures/uploads.ts";
import { KOSMI_PROTOCOL } from "../../../../../src/bridges/kosmi/protocol/operations.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";
import { LogRecorder } from "../../../../support/log_recorder.ts";
import { PictureHost } from "../../../../support/picture_host.ts";

const LOCAL: PictureNetwork = {
  resolve: () => Promise.resolve(["127.0.0.1"]),
  mayVisit: () => true,
};
const never = new AbortController().signal;

function message(link: string): OutgoingMessage {
  return {
    kind: "message",
    prefix: [],
    text: plainText(link),
    action: false,
    replyTo: null,
    sender: {
      person: { id: "a" as UserId, nick: "a", userId: "a" },
      account: "irc.x" as AccountId,
    },
  };
}

Deno.test("a refused picture stays a link, with the reason in the log; too many pause the uploads for a minute", async () => {
  await using host = await PictureHost.start();
  for (const name of ["a", "b", "c", "d"]) host.picture(`/${name}.png`);
  const log = new LogRecorder();
  const clock = new FakeClock();
  let answer = new Response('{"error":"Nudity not allowed"}', { status: 400 });
  let asked = 0;
  const uploads = new PictureUploads(
    {
      endpoints: { appUrl: "https://app.test/", imageEndpoint: "https://img.test/" },
      protocol: KOSMI_PROTOCOL,
      clock,
      log,
      network: LOCAL,
      fetch: () => {
        asked++;
        return Promise.resolve(answer.clone());
      },
    } as unknown as ConstructorParameters<typeof PictureUploads>[0],
  );
  const upload = async (name: string) => {
    const link = host.url(`/${name}`);
    const work = uploads.workFor(message(link));
    assert.ok(work);
    const after = await work(never);
    assert.equal(textOf((after as OutgoingMessage).text), link);
  };
  await upload("a.png");
  assert.match(log.texts("warn").join("\n"), /HTTP 400 \(Nudity not allowed\)/);
  answer = new Response("", { status: 429 });
  await upload("b.png");
  const before = asked;
  await upload("c.png");
  assert.equal(asked, before);
  await clock.advance(60_000);
  answer = new Response("", { status: 500 });
  await upload("d.png");
  assert.equal(asked, before + 1);
});
