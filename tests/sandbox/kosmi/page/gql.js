import { operation, payload } from "./documents.js";

/** A GraphQL client over one WebSocket, as small as the room's page needs it. Reconnects by itself. */
export class GraphqlSocket {
  #url;
  #token;
  #handlers = new Map();
  #socket = null;
  #nextId = 0;
  onState = (_state) => {};
  onReady = () => {};

  constructor(url, token) {
    this.#url = url;
    this.#token = token;
  }

  connect() {
    this.onState("connecting");
    this.#handlers.clear();
    const socket = new WebSocket(this.#url, "graphql-transport-ws");
    this.#socket = socket;
    socket.onopen = () =>
      this.#send({
        type: "connection_init",
        payload: payload(this.#token),
      });
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.onState("closed");
      setTimeout(() => this.connect(), 1000);
    };
  }

  reconnect() {
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    this.connect();
  }

  /** Resolves with `data`; rejects with the first error's text. */
  run(title, given = {}) {
    return new Promise((resolve, reject) => {
      this.subscribe(title, given, resolve, reject);
    });
  }

  subscribe(title, given, onData, onError = () => {}) {
    const id = String(++this.#nextId);
    const { query, variables, read } = operation(title, given);
    this.#handlers.set(id, { onData: (data) => onData(read(data)), onError });
    this.#send({ id, type: "subscribe", payload: { query, variables } });
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame) {
    if (frame.type === "connection_ack") {
      this.onState("live");
      return this.onReady();
    }
    const handler = this.#handlers.get(frame.id);
    if (frame.type === "complete") this.#handlers.delete(frame.id);
    if (frame.type === "next") {
      const [error] = frame.payload.errors ?? [];
      if (error) handler?.onError(new Error(error.message));
      else handler?.onData(frame.payload.data);
    }
    if (frame.type === "error") {
      handler?.onError(new Error(frame.payload?.[0]?.message ?? "refused"));
      if (!handler) this.onState("closed");
    }
  }
}
