import { type GraphqlError, property, readErrors } from "./graphql_error.ts";

/** A frame of the server, after the one gate. */
export type Frame =
  | { readonly kind: "ack" }
  | { readonly kind: "pong" }
  /** A JSON ping: Kosmi's library sends none, and an answer to it would end the connection. */
  | { readonly kind: "ping" }
  | {
    readonly kind: "next";
    readonly id: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }
  | { readonly kind: "error"; readonly id: string; readonly errors: readonly GraphqlError[] }
  | { readonly kind: "complete"; readonly id: string }
  /** Nothing we know. `what` names the kind, for a log line once per kind. */
  | { readonly kind: "strange"; readonly what: string };

/** Reads one text frame. Never throws. */
export function readFrame(text: string): Frame {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: "strange", what: "text that is not JSON" };
  }
  const type = property(raw, "type");
  if (typeof type !== "string") return { kind: "strange", what: "JSON without a type" };
  switch (type) {
    case "connection_ack":
      return { kind: "ack" };
    case "pong":
      return { kind: "pong" };
    case "ping":
      return { kind: "ping" };
    case "next":
    case "data":
      return readNext(raw);
    case "error":
    case "connection_error":
      return readErrorFrame(raw);
    case "complete":
      return withId(raw, (id) => ({ kind: "complete", id }));
    default:
      return { kind: "strange", what: `type ${JSON.stringify(type.slice(0, 40))}` };
  }
}

function readNext(raw: unknown): Frame {
  const payload = property(raw, "payload");
  if (!isRecord(payload)) return { kind: "strange", what: "next without a payload" };
  return withId(raw, (id) => ({ kind: "next", id, payload }));
}

/** A refused connection_init has its payload where the id belongs, so an error needs no readable id. */
function readErrorFrame(raw: unknown): Frame {
  const id = property(raw, "id");
  const isId = typeof id === "string" || typeof id === "number";
  const errors = [...readErrors(property(raw, "payload")), ...(isId ? [] : readErrors(id))]
    .filter((error) => !EMPTY.includes(error.message));
  const said = errors.length > 0 ? errors : readErrors("an error without a text");
  return { kind: "error", id: isId ? String(id) : "", errors: said };
}

const EMPTY: readonly string[] = ["{}", '""', "null"];

function withId(raw: unknown, make: (id: string) => Frame): Frame {
  const id = property(raw, "id");
  if (typeof id === "string" && id !== "") return make(id);
  if (typeof id === "number") return make(String(id));
  return { kind: "strange", what: `${String(property(raw, "type"))} without an id` };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
