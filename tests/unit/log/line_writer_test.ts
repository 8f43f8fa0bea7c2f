import assert from "node:assert/strict";
import { LineWriter } from "../../../src/log/line_writer.ts";

/** A reader that takes `most` bytes at a time, each time it is allowed to. */
class SlowSink {
  readonly most: number;
  text = "";
  #allow: (() => void)[] = [];
  #open: boolean;

  constructor(options: { most: number; open: boolean }) {
    this.most = options.most;
    this.#open = options.open;
  }

  open(): void {
    this.#open = true;
    for (const allow of this.#allow.splice(0)) allow();
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#open) await new Promise<void>((resolve) => this.#allow.push(resolve));
    const taken = bytes.subarray(0, this.most);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }
}

function writerTo(sink: SlowSink, maxWaitingBytes: number): LineWriter {
  return new LineWriter({ sink, maxWaitingBytes, dropNotice: (dropped) => `${dropped} missing` });
}

Deno.test("LineWriter writes in order, also when the sink takes a few bytes at a time", async () => {
  const sink = new SlowSink({ most: 3, open: true });
  const writer = writerTo(sink, 1_000);
  for (let i = 0; i < 20; i++) writer.write(`line ${i}`);
  await writer.drained();
  writer.write("last");
  await writer.drained();
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
  assert.equal(sink.text, lines.join("") + "last\n");
});

Deno.test("LineWriter never holds up the caller: what a slow reader misses is counted and said", async () => {
  const sink = new SlowSink({ most: 1_000, open: false });
  const writer = writerTo(sink, 100);
  for (let i = 10; i < 60; i++) writer.write(`line ${i}`);
  await new Promise((resolve) => setTimeout(resolve, 0));
  sink.open();
  await writer.drained();
  writer.write("after");
  await writer.drained();
  const lines = sink.text.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 12), Array.from({ length: 12 }, (_, i) => `line ${i + 10}`));
  assert.deepEqual(lines.slice(12), ["38 missing", "after"]);
});

Deno.test("LineWriter says what is missing at the end too", async () => {
  const sink = new SlowSink({ most: 1_000, open: true });
  const writer = writerTo(sink, 10);
  writer.write("short");
  writer.write("much too long for the room there is");
  await writer.drained();
  assert.equal(sink.text, "short\n1 missing\n");
});

Deno.test("LineWriter outlives a sink that fails, and tries again with the next line", async () => {
  let failures = 2;
  let text = "";
  const sink = {
    write(bytes: Uint8Array): Promise<number> {
      if (failures-- > 0) return Promise.reject(new Deno.errors.BrokenPipe("gone"));
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  };
  const writer = new LineWriter({ sink, maxWaitingBytes: 100, dropNotice: () => "" });
  for (const line of ["one", "two", "three"]) {
    writer.write(line);
    await writer.drained();
  }
  assert.equal(text, "three\n");
});

Deno.test("LineWriter keeps a line that comes at any moment of the end of the one before", async () => {
  for (let ticks = 0; ticks < 30; ticks++) {
    const sink = new SlowSink({ most: 1_000, open: true });
    const writer = writerTo(sink, 1_000);
    writer.write("first");
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    writer.write("second");
    await writer.drained();
    assert.equal(sink.text, "first\nsecond\n", `${ticks} ticks later`);
  }
});

Deno.test("LineWriter keeps as many bytes as it may, and not one more", async () => {
  // Five bytes with its line end: ä takes two.
  const line = "abä";
  for (const [maxWaitingBytes, kept] of [[4, 0], [5, 1], [9, 1], [10, 2], [11, 2]] as const) {
    const sink = new SlowSink({ most: 1_000, open: true });
    const writer = writerTo(sink, maxWaitingBytes);
    writer.write(line);
    writer.write(line);
    await writer.drained();
    const notice = kept === 2 ? "" : `${2 - kept} missing\n`;
    assert.equal(sink.text, `${line}\n`.repeat(kept) + notice, `${maxWaitingBytes} bytes`);
  }
});

Deno.test("LineWriter says what is missing before the next line, and counts anew after it", async () => {
  const sink = new SlowSink({ most: 1_000, open: true });
  const writer = writerTo(sink, 10);
  writer.write("12345678");
  writer.write("lost");
  await new Promise((resolve) => setTimeout(resolve, 0));
  writer.write("next");
  writer.write("lost too");
  await writer.drained();
  assert.equal(sink.text, "12345678\n1 missing\nnext\n1 missing\n");
});
