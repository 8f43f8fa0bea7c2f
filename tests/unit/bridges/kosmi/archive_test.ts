import assert from "node:assert/strict";
import type { ArchivePage, KosmiMessage } from "../../../../src/bridges/kosmi/protocol/decode.ts";
import { readArchive } from "../../../../src/bridges/kosmi/room/history.ts";
import type { MessageId } from "../../../../src/relay/port/ids.ts";

const NOW_MS = 1_800_000_000_000;
const limits = { maxMessages: 100 };

function message(
  number: number,
  atMs: number | null = NOW_MS - 100_000 + number * 1_000,
): KosmiMessage {
  return { id: `m${number}` as MessageId, text: `${number}`, atMs, sender: null, reply: null };
}

/** An archive of `count` messages in pages of `size`, asked from its end backwards. */
function archive(count: number, size: number, timeless = false) {
  const all = Array.from(
    { length: count },
    (_, index) => message(index, timeless ? null : undefined),
  );
  return (cursor: string | null): Promise<ArchivePage> => {
    const end = cursor === null ? count : Number(cursor);
    const start = Math.max(0, end - size);
    return Promise.resolve({
      messages: all.slice(start, end),
      back: start === 0 ? null : String(start),
      forward: String(end),
    });
  };
}

const since = (number: number) => ({
  id: `m${number}` as MessageId,
  atMs: message(number).atMs ?? 0,
});
const texts = (list: readonly KosmiMessage[] | undefined) => list?.map((each) => each.text);

Deno.test("readArchive() reads back to the cursor over pages", async () => {
  const page = archive(30, 4);
  const read = await readArchive({ page, since: since(20), limits });
  assert.deepEqual(texts(read?.messages), ["21", "22", "23", "24", "25", "26", "27", "28", "29"]);
  assert.equal(read?.complete, true);
});

Deno.test("readArchive() reads by ids where messages bear no time", async () => {
  const page = archive(30, 4, true);
  const read = await readArchive({ page, since: since(26), limits });
  assert.deepEqual(texts(read?.messages), ["27", "28", "29"]);
});

Deno.test("readArchive() takes the whole archive when the cursor's message is gone", async () => {
  const gone = { id: "gone" as MessageId, atMs: NOW_MS - 200_000 };
  const read = await readArchive({ page: archive(10, 4), since: gone, limits });
  assert.equal(read?.messages.length, 10);
  assert.equal(read?.complete, true);
});

Deno.test("readArchive() says that there was more than it may fetch", async () => {
  const tight = { maxMessages: 5 };
  const read = await readArchive({
    page: archive(50, 4),
    since: since(1),
    limits: tight,
  });
  assert.deepEqual(texts(read?.messages)?.slice(-5), ["45", "46", "47", "48", "49"]);
  assert.ok((read?.messages.length ?? 0) <= 12);
  assert.equal(read?.complete, false);
});

Deno.test("readArchive() ends with a server that gives the same page for every cursor", async () => {
  let asked = 0;
  const page = () => {
    asked++;
    return Promise.resolve({ messages: [message(9)], back: "again", forward: "again" });
  };
  const read = await readArchive({ page, since: since(1), limits });
  assert.equal(read?.complete, false);
  assert.ok(asked <= 3, String(asked));
});

Deno.test("readArchive() follows forward cursors when the first page is the oldest", async () => {
  const pages: Readonly<Record<string, ArchivePage>> = {
    first: { messages: [message(1), message(2)], back: null, forward: "second" },
    second: { messages: [message(3), message(4)], back: "first", forward: null },
  };
  const page = (cursor: string | null) => Promise.resolve(pages[cursor ?? "first"] ?? null);
  const read = await readArchive({
    page,
    since: { id: null, atMs: message(0).atMs ?? 0 },
    limits,
  });
  assert.deepEqual(texts(read?.messages), ["1", "2", "3", "4"]);
  assert.equal(read?.complete, true);
});

Deno.test("readArchive() is null where the archive can't be asked", async () => {
  const page = () => Promise.resolve(null);
  assert.equal(await readArchive({ page, since: since(1), limits }), null);
});

Deno.test("readArchive() keeps the server's order of messages of one time, over pages either way round", async () => {
  const times = [0, 1, 1, 1, 1, 1, 1, 1, 1].map((second) => NOW_MS - 10_000 + second * 1_000);
  const all = times.map((atMs, number) => message(number, atMs));
  for (const isReversed of [false, true]) {
    const page = (cursor: string | null): Promise<ArchivePage> => {
      const end = cursor === null ? all.length : Number(cursor);
      const start = Math.max(0, end - 3);
      const messages = all.slice(start, end);
      return Promise.resolve({
        messages: isReversed ? messages.toReversed() : messages,
        back: start === 0 ? null : String(start),
        forward: null,
      });
    };
    for (const from of [0, 6]) {
      const cursor = { id: `m${from}` as MessageId, atMs: times[from] ?? 0 };
      const read = await readArchive({ page, since: cursor, limits });
      assert.deepEqual(texts(read?.messages)?.slice(-2), ["7", "8"]);
      const numbers = (texts(read?.messages) ?? []).map(Number);
      assert.deepEqual(numbers, numbers.toSorted((one, other) => one - other));
    }
  }
});

Deno.test("readArchive() follows a forward cursor that leads back in time", async () => {
  const named = archive(30, 3);
  const page = async (cursor: string | null) => {
    const { messages, back } = await named(cursor);
    return { messages, back: null, forward: back };
  };
  // The latest eight bear one time: only the pages' order tells theirs.
  const crowded = async (cursor: string | null) => {
    const read = await page(cursor);
    const messages = read.messages.map((each) =>
      Number(each.text) < 22 ? each : { ...each, atMs: message(22).atMs }
    );
    return { ...read, messages };
  };
  const read = await readArchive({ page: crowded, since: since(21), limits });
  assert.deepEqual(texts(read?.messages), ["22", "23", "24", "25", "26", "27", "28", "29"]);
  assert.equal(read?.complete, true);
});
