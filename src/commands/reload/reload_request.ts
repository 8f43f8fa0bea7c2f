import * as v from "valibot";
import type { DataDirectory } from "../../store/files/data_directory.ts";

/** What came of a reload: one line a fact or fault, for people. */
export interface ReloadOutcome {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** How `kosmi-relay reload` asks the relay that runs on the same data directory, and is answered: through two files there. */
const REQUEST_FILE = "reload.request";
const ANSWER_FILE = "reload.answer";
const MAX_BYTES = 256 * 1024;

const Request = v.object({ id: v.string() });
const Answer = v.object({ id: v.string(), ok: v.boolean(), lines: v.array(v.string()) });

export type ReloadAnswer = v.InferOutput<typeof Answer>;

/** Asks; the id tells the answer. Throws a DataDirectoryError. */
export async function askForReload(data: DataDirectory): Promise<string> {
  const id = crypto.randomUUID();
  await data.remove(ANSWER_FILE);
  await data.write(REQUEST_FILE, encode({ id }));
  return id;
}

/** Takes back what was asked, and its answer. Throws a DataDirectoryError. */
export async function withdrawReload(data: DataDirectory): Promise<void> {
  await data.remove(REQUEST_FILE);
  await data.remove(ANSWER_FILE);
}

/** The answer to a request; null as long as there is none. Throws a DataDirectoryError. */
export async function readAnswer(data: DataDirectory, id: string): Promise<ReloadAnswer | null> {
  const answer = await readFile(data, ANSWER_FILE, Answer);
  return answer?.id === id ? answer : null;
}

/** The id of what was asked, and the request taken away; null for none. Throws a DataDirectoryError. */
export async function takeRequest(data: DataDirectory): Promise<string | null> {
  const request = await readFile(data, REQUEST_FILE, Request);
  if (request === null) return null;
  await data.remove(REQUEST_FILE);
  return request.id;
}

/** Throws a DataDirectoryError. */
export async function answerReload(data: DataDirectory, answer: ReloadAnswer): Promise<void> {
  await data.write(ANSWER_FILE, encode(answer));
}

function encode(content: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

async function readFile<T>(
  data: DataDirectory,
  name: string,
  form: v.GenericSchema<unknown, T>,
): Promise<T | null> {
  const bytes = await data.read(name, MAX_BYTES);
  if (bytes === null) return null;
  try {
    const read = v.safeParse(form, JSON.parse(new TextDecoder().decode(bytes)));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}
