import { WebAppLearning } from "../../bridges/kosmi/learning/learning.ts";
import { type AppReading, readApp } from "../../bridges/kosmi/learning/read_app.ts";
import { INTROSPECTION } from "../../bridges/kosmi/protocol/schema.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import type { KosmiLink } from "../../bridges/kosmi/link/link.ts";
import { KnownOperations } from "../../bridges/kosmi/protocol/known_operations.ts";
import { KOSMI_PROTOCOL } from "../../bridges/kosmi/protocol/operations.ts";
import { OPERATION_NAMES } from "../../bridges/kosmi/protocol/protocol.ts";
import { fieldsOf } from "../../bridges/kosmi/protocol/decode.ts";
import type { Field } from "../../bridges/kosmi/protocol/roles.ts";
import { JsonFile } from "../../store/files/json_file.ts";
import { signatureOf } from "../learn/learn.ts";
import { LEARNED_FILE } from "../setup/tokens.ts";
import { fullVersion } from "../shared/build_info.ts";
import type { KosmiChecks } from "./kosmi.ts";

/** What the web app's code says, while the checks go on. */
export interface AppInquiry {
  /** As the relay would have it: what is kept, and what is learned when Kosmi refuses something. */
  readonly app: WebAppLearning;
  readonly reading: Promise<AppReading>;
}

/** Begins to read the web app. Nothing is stored. */
export function inquireApp(
  { account, protocol, context }: Omit<KosmiChecks, "inquiry">,
  signal: AbortSignal,
): AppInquiry {
  const { appUrl } = account.options;
  const { clock, data, logging } = context;
  const reading = readApp({ appUrl, protocol, clock }, signal);
  reading.catch(() => {});
  const log = logging.logger(["doctor", account.name]);
  const kept = data === null ? null : new JsonFile(data, LEARNED_FILE, log);
  const app = new WebAppLearning({
    appUrl,
    protocol,
    store: { load: async () => await kept?.get(appUrl) ?? null, save: () => Promise.resolve() },
    clock,
    log,
    read: () => reading,
  });
  return { app, reading };
}

/** Operations that the relay has no use for yet, and might have. */
const OF_INTEREST = /login|nick|name|message|react|typing|topic|member|room/i;

/** What the web app's code tells, and with --verbose what it has that the relay does not use. */
export async function checkWebApp(
  { inquiry, context, protocol, rows }: KosmiChecks,
): Promise<void> {
  const { all, v, operations, anonLogin, persisted, faults } = await inquiry.reading;
  if (all.length === 0 && v === null) {
    const why = persisted.length > 0
      ? `its ${persisted.length} operations stand there only as hashes`
      : faults[0] ?? "no operations were found in it";
    return rows.skipped(
      "web app",
      `its code can't be read (${why}): the relay learns nothing from it`,
    );
  }
  const ours = Object.keys(operations).length;
  const version = v === null || v === protocol.v
    ? ""
    : `, its version is ${v} (the relay calls itself ${protocol.v} until Kosmi minds)`;
  rows.ok(
    "web app",
    `${ours} of ${OPERATION_NAMES.length} operations are in its code, of ${all.length}${version}`,
  );
  if (!context.verbose) return;
  const used = new Set([...Object.values(operations), anonLogin].map((plan) => plan?.text));
  for (const operation of all) {
    const name = `${operation.title} ${operation.field}`;
    if (!used.has(operation.text) && OF_INTEREST.test(name)) {
      rows.ok("web app has", signatureOf(operation));
    }
  }
}

/**
 * What a maintainer needs when Kosmi has changed: schema, documents, keys and types of answers, versions. No text of a message,
 * no name, id, token or address.
 */
export async function reportOn(checks: KosmiChecks, link: KosmiLink): Promise<object> {
  const { inquiry, protocol, account } = checks;
  const reading = await inquiry.reading;
  const { operationTimeoutMs } = protocol.limits;
  const ask = async (text: string, variables: Readonly<Record<string, unknown>>) => {
    const request = { title: "RelayReport", text, variables };
    return await link.request(request, operationTimeoutMs).catch(() => null);
  };
  const known = new KnownOperations(protocol, inquiry.app);
  const channel = protocol.channelId;
  const { roomUrl } = account.options;
  const room = roomUrl === null ? "" : roomIdOf("", roomUrl);
  const answers: Record<string, unknown> = {};
  for (const name of ["currentUser", "members", "chatArchive"] as const) {
    const { text, variables } = known.statement(name, { room, channel });
    const answer = await ask(text, variables);
    answers[name] = answer === null
      ? "no answer"
      : { shape: shapeOf(fieldsOf(answer.data)), errors: answer.errors.map(({ code }) => code) };
  }
  const schema = await ask(INTROSPECTION, {});
  return {
    relay: fullVersion(),
    builtInVersion: KOSMI_PROTOCOL.v,
    app: {
      version: reading.v,
      routes: reading.routes,
      operations: reading.all.map(({ text }) => text),
      persisted: reading.persisted.map(({ title }) => title),
    },
    overridden: OPERATION_NAMES.filter((name) =>
      protocol.operations[name] !== KOSMI_PROTOCOL.operations[name]
    ),
    answers,
    schema: schema?.data ?? "not shown",
  };
}

/** Keys and kinds of values, no values. */
function shapeOf(fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.map(({ key, type, fields }) => [
      key,
      fields.length > 0 ? shapeOf(fields) : type ?? "empty",
    ]),
  );
}
