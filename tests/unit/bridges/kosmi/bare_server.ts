import type { AddressInfo } from "node:net";
// @ts-types="@types/ws"
import { type WebSocket, WebSocketServer } from "ws";

/** What a client asked for. */
export interface Asked {
  readonly socket: WebSocket;
  readonly id: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Answers of a server that reads no GraphQL: by root field, as data; null for no answer. */
export type Answers = Readonly<Record<string, (asked: Asked) => void>>;

export interface BareServer extends AsyncDisposable {
  readonly url: string;
  /** Types of the frames that came, and the root fields of operations. */
  readonly came: string[];
  readonly closes: number[];
}

/** A server with hand-written answers: for shapes that the stand-in, which validates, does not show. */
export async function bareServer(
  onInit: (socket: WebSocket) => void,
  answers: Answers,
): Promise<BareServer> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const came: string[] = [];
  const closes: number[] = [];
  server.on("connection", (socket) => {
    socket.on("close", (code) => closes.push(code));
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data));
      const field = /\{\s*(\w+)/.exec(frame.payload?.query ?? "")?.[1];
      came.push(field ?? frame.type);
      if (frame.type === "connection_init") onInit(socket);
      if (frame.type === "ping") socket.send('{"type":"pong"}');
      if (frame.type !== "subscribe" || field === undefined) return;
      const { query, variables } = frame.payload;
      answers[field]?.({ socket, id: frame.id, query, variables });
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/gql-ws`,
    came,
    closes,
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function ack(socket: WebSocket): void {
  socket.send('{"type":"connection_ack"}');
}

export function next(asked: Asked, payload: unknown): void {
  asked.socket.send(JSON.stringify({ id: asked.id, type: "next", payload }));
}

/** An answer of a query or mutation: next, then complete. */
export function data(asked: Asked, value: unknown): void {
  next(asked, { data: value });
  asked.socket.send(JSON.stringify({ id: asked.id, type: "complete", payload: {} }));
}
