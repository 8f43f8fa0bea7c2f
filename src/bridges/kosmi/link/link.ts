import { type Client, createClient } from "graphql-ws/client";
import { DeadlineError } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { property } from "../../../base/json.ts";
import type { OnceLog } from "../../../base/log.ts";
import { Deadlines } from "../../../base/timers.ts";
import { describeErrors, type GraphqlError, readErrors } from "../protocol/graphql_error.ts";
import type { ProtocolLimits } from "../protocol/protocol.ts";
import type { LinkFault } from "./link_end.ts";
import { readFrame, type SocketFactory, socketFactory } from "./socket.ts";

/** The connection is over; every open call ends with this. */
export class LinkEndedError extends Error {
  override readonly name = "LinkEndedError";
  constructor(readonly fault: LinkFault) {
    super("The connection to Kosmi ended");
  }
}

/** The answer to one operation. `data` is the server's data object; null when it answered with errors alone. */
export interface OperationAnswer {
  readonly data: unknown;
  readonly errors: readonly GraphqlError[];
}

interface OperationRequest {
  readonly title: string;
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface SubscriptionSink {
  next(answer: OperationAnswer): void;
  /** The server ended it: with errors (it was never valid, or broke), or without. Not called when the link ends. */
  ended(errors: readonly GraphqlError[]): void;
}

interface LinkOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Payload of connection_init. */
  readonly init: Readonly<Record<string, unknown>>;
  readonly limits: ProtocolLimits;
  readonly clock: Clock;
  readonly said: OnceLog;
  readonly latency: (roundTripMs: number) => void;
}

/** One connection to Kosmi's GraphQL endpoint: from dial to end, never again. */
export class KosmiLink {
  /** Aborts with a LinkEndedError when the connection is over. */
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  readonly #options: LinkOptions;
  readonly #over = new AbortController();
  readonly #client: Client;
  readonly #sockets: SocketFactory;
  readonly #acknowledged: Promise<void>;
  #acknowledge: () => void = () => {};
  #fault: LinkFault | null = null;
  #hasAck = false;
  #heardAtMs: number;
  #pingSentAtMs: number | null = null;
  #pongs = 0;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.signal = this.#over.signal;
    this.deadlines = new Deadlines(options.clock);
    this.#heardAtMs = options.clock.monotonic();
    this.#acknowledged = new Promise((resolve) => this.#acknowledge = resolve);
    this.#sockets = socketFactory({
      headers: options.headers,
      maxFrameBytes: options.limits.frameBytes,
      handshakeTimeoutMs: options.limits.handshakeTimeoutMs,
      hooks: {
        frame: (text) => this.#onFrame(text),
        controlPing: () => this.#onControlPing(),
        binary: () => this.#strange("a binary frame"),
        fault: (fault) => this.#fault ??= fault,
        closed: (code, said) => this.#end({ kind: "close", code, said }),
      },
    });
    this.#client = this.#createClient();
  }

  /** Dials and waits for the acknowledgement. Rejects with a LinkEndedError, or with the signal's reason. */
  static async dial(options: LinkOptions, signal: AbortSignal): Promise<KosmiLink> {
    signal.throwIfAborted();
    const link = new KosmiLink(options);
    const giveUp = () => link.#terminate({ kind: "closed-by-us" });
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await link.#untilAcknowledged();
    } catch (thrown) {
      signal.throwIfAborted();
      throw thrown;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    link.#probe();
    return link;
  }

  /**
   * One query or mutation. Rejects with a DeadlineError when no answer came (the connection may be well all the
   * same) or a LinkEndedError.
   */
  request(request: OperationRequest, limitMs: number): Promise<OperationAnswer> {
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason);
      const settle = (act: () => void) => {
        cancel();
        this.signal.removeEventListener("abort", onEnd);
        act();
      };
      const onEnd = () => settle(() => reject(this.signal.reason));
      this.signal.addEventListener("abort", onEnd, { once: true });
      const dispose = this.#start(request, {
        next: (answer) => settle(() => resolve(answer)),
        ended: (errors) => settle(() => resolve({ data: null, errors })),
      });
      const cancel = this.deadlines.add(limitMs, () => {
        dispose();
        settle(() => reject(new DeadlineError(`run ${request.title} at Kosmi`, limitMs)));
      });
    });
  }

  /** Starts a subscription; the returned function ends it. Its start is not acknowledged by the server. */
  subscribe(request: OperationRequest, sink: SubscriptionSink): () => void {
    if (this.signal.aborted) return () => {};
    return this.#start(request, sink);
  }

  /** Says goodbye (close code 1000) and waits for the other side, at most `graceMs`. `fault` is why. */
  async close(graceMs: number, fault: LinkFault = { kind: "closed-by-us" }): Promise<void> {
    this.#fault ??= fault;
    if (this.signal.aborted) return;
    const ended = new Promise<void>((resolve) =>
      this.signal.addEventListener("abort", () => resolve(), { once: true })
    );
    const timer = this.deadlines.add(graceMs, () => this.#terminate({ kind: "closed-by-us" }));
    this.#sockets.current()?.close(1000, "");
    await ended;
    timer();
  }

  #createClient(): Client {
    let counter = 0;
    return createClient({
      url: this.#options.url,
      webSocketImpl: this.#sockets.webSocketImpl,
      connectionParams: { ...this.#options.init },
      lazy: false,
      retryAttempts: 0,
      disablePong: true,
      generateID: () => `r${++counter}`,
      onNonLazyError: () => {},
      on: {
        opened: () => this.#awaitAck(),
        connected: () => this.#acknowledge(),
        // Without this, graphql-ws would dial again by itself when the server closes with code 1000.
        closed: () => void Promise.resolve(this.#client.dispose()).catch(() => {}),
      },
    });
  }

  /** A refused connection_init can leave the socket open without a word. */
  #awaitAck(): void {
    const { ackTimeoutMs } = this.#options.limits;
    const fault: LinkFault = { kind: "no-ack", limitMs: ackTimeoutMs };
    const cancel = this.deadlines.add(ackTimeoutMs, () => this.#terminate(fault));
    this.#acknowledged.then(cancel);
  }

  async #untilAcknowledged(): Promise<void> {
    const ended = new Promise<never>((_, reject) =>
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true })
    );
    ended.catch(() => {});
    await Promise.race([this.#acknowledged, ended]);
  }

  #start(request: OperationRequest, sink: SubscriptionSink): () => void {
    let done = false;
    const finish = (errors: readonly GraphqlError[]) => {
      if (done || this.signal.aborted) return;
      done = true;
      this.#guard(() => sink.ended(errors));
    };
    const dispose = this.#client.subscribe(
      { query: request.text, variables: { ...request.variables }, operationName: request.title },
      {
        next: (payload: unknown) => this.#guard(() => sink.next(readAnswer(payload))),
        error: (raw: unknown) => {
          // The gate let nothing through but lists of errors: all else is the connection's end.
          if (Array.isArray(raw)) finish(readErrors(raw));
        },
        complete: () => finish([]),
      },
    );
    return () => {
      done = true;
      dispose();
    };
  }

  /** What a sink throws would make graphql-ws close the connection. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      const error = describeError(thrown);
      this.#options.said.warn(`sink ${error}`, "Cannot handle what Kosmi sent: {error}", { error });
    }
  }

  /** The gate: what comes out is what graphql-ws may see. */
  #onFrame(text: string): object | null {
    this.#heard();
    const frame = readFrame(text);
    switch (frame.kind) {
      case "ack":
        this.#hasAck = true;
        return { type: "connection_ack" };
      case "pong":
        this.#onPong();
        return null;
      case "next":
        return { type: "next", id: frame.id, payload: frame.payload };
      case "complete":
        return { type: "complete", id: frame.id };
      case "error":
        return this.#onError(frame.id, frame.errors);
      case "ping":
        this.#strange("a JSON ping");
        return null;
      case "strange":
        this.#strange(frame.what);
        return null;
    }
  }

  #onError(id: string, errors: readonly GraphqlError[]): object | null {
    if (!this.#hasAck) {
      this.#terminate({ kind: "token", said: describeErrors(errors) });
      return null;
    }
    if (id === "") {
      this.#strange("an error without an id");
      return null;
    }
    const payload = errors.map((error) => ({
      message: error.message,
      extensions: { code: error.code },
      locations: error.line === null ? [] : [{ line: error.line, column: 0 }],
    }));
    return { type: "error", id, payload };
  }

  #strange(what: string): void {
    this.#options.said.warn(`frame ${what}`, "Kosmi sent {what}, which is left out", { what });
  }

  #heard(): void {
    this.#heardAtMs = this.#options.clock.monotonic();
  }

  /** Where JSON pings are answered only those count: a proxy can go on pinging for a server that is gone. */
  #onControlPing(): void {
    if (this.#pongs === 0) this.#heard();
  }

  #onPong(): void {
    this.#pongs++;
    if (this.#pingSentAtMs === null) return;
    this.#options.latency(this.#options.clock.monotonic() - this.#pingSentAtMs);
    this.#pingSentAtMs = null;
  }

  #probe(): void {
    const { probeEveryMs, silenceMs } = this.#options.limits;
    const silentMs = this.#options.clock.monotonic() - this.#heardAtMs;
    if (silentMs >= silenceMs) return this.#terminate({ kind: "silent", silentMs });
    const socket = this.#sockets.current();
    if (socket !== null && socket.readyState === socket.OPEN) {
      this.#pingSentAtMs ??= this.#options.clock.monotonic();
      socket.send('{"type":"ping"}');
    }
    this.deadlines.add(
      Math.max(1, Math.min(probeEveryMs, silenceMs - silentMs)),
      () => this.#probe(),
    );
  }

  /** Ends it without waiting for the other side; the socket's close event follows at once and says so to all. */
  #terminate(fault: LinkFault): void {
    this.#fault ??= fault;
    const socket = this.#sockets.current();
    if (socket === null) return this.#end(fault);
    socket.terminate();
  }

  #end(closing: LinkFault): void {
    if (this.signal.aborted) return;
    this.#fault ??= closing;
    this.deadlines.close();
    this.#over.abort(new LinkEndedError(this.#fault));
  }
}

function readAnswer(payload: unknown): OperationAnswer {
  return {
    data: property(payload, "data") ?? null,
    errors: readErrors(property(payload, "errors")),
  };
}
