import type { KosmiSandbox } from "../../tests/sandbox/kosmi/mod.ts";
import { Changes } from "../../tests/support/wait.ts";

const SUBSCRIBE = `subscription NewMessageSubscription($roomId: String!, $channelId: String) {
  newMessage(roomId: $roomId, channelId: $channelId) { id body user { id displayName } }
}`;
const SEND = `mutation SendMessage2($body: String!, $roomId: String!, $channelId: String) {
  sendMessage2(body: $body, roomId: $roomId, channelId: $channelId) { ok }
}`;

/** The frames that this client reads: all come from the stand-in of this repository. */
interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: { readonly data?: { readonly newMessage?: { readonly body: string } } };
}

/** A member of a room with nothing between it and the wire: what a message costs without the relay. */
export class KosmiPerson implements Disposable {
  readonly #socket: WebSocket;
  readonly #roomId: string;
  readonly #changes = new Changes();
  #nextId = 1;
  #acknowledged = false;
  #answered = 0;
  onMessage: (text: string, atMs: number) => void = () => {};

  private constructor(kosmi: KosmiSandbox, roomId: string) {
    this.#roomId = roomId;
    this.#socket = new WebSocket(kosmi.wsEndpoint, {
      protocols: ["graphql-transport-ws"],
      headers: { Origin: "https://app.kosmi.io", "User-Agent": "Mozilla/5.0" },
    });
    this.#socket.onmessage = (event) => this.#take(JSON.parse(String(event.data)) as Frame);
  }

  /** Connects, enters the room and listens there. */
  static async enter(kosmi: KosmiSandbox, roomId: string): Promise<KosmiPerson> {
    const person = new KosmiPerson(kosmi, roomId);
    await new Promise((resolve, reject) => {
      person.#socket.onopen = resolve;
      person.#socket.onerror = reject;
    });
    const token = kosmi.issueToken({ anonymous: true });
    const init = { token, ua: btoa("Mozilla/5.0"), v: "4364", r: "" };
    person.#send({ type: "connection_init", payload: init });
    await person.#changes.until(() => person.#acknowledged, "the acknowledgement");
    person.#operate("mutation J($id: String!) { joinRoom(id: $id) { ok } }", { id: roomId });
    await person.#changes.until(() => person.#answered > 0, "the answer to joinRoom");
    person.#operate(SUBSCRIBE, { roomId, channelId: "general" });
    // A query behind it: operations of one socket are taken in order, so the subscription stands when it is answered.
    person.#operate("query { currentUser { id } }", {});
    await person.#changes.until(() => person.#answered > 1, "the answer to currentUser");
    return person;
  }

  say(text: string): void {
    this.#operate(SEND, { body: text, roomId: this.#roomId, channelId: "general" });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #operate(query: string, variables: Readonly<Record<string, string>>): void {
    this.#send({ id: String(this.#nextId++), type: "subscribe", payload: { query, variables } });
  }

  #send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #take(frame: Frame): void {
    const atMs = performance.now();
    const body = frame.payload?.data?.newMessage?.body;
    if (frame.type === "connection_ack") this.#acknowledged = true;
    else if (frame.type === "complete") this.#answered++;
    else if (body !== undefined) return this.onMessage(body, atMs);
    this.#changes.notify();
  }
}
