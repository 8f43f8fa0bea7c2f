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
        payload: { token: this.#token, ua: btoa(navigator.userAgent), v: "4364", r: "" },
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
  run(query, variables = {}) {
    return new Promise((resolve, reject) => {
      this.subscribe(query, variables, resolve, reject);
    });
  }

  subscribe(query, variables, onData, onError = () => {}) {
    const id = String(++this.#nextId);
    this.#handlers.set(id, { onData, onError });
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
