import * as v from "valibot";

/** Attributes as OTLP/JSON writes them. */
const Attributes = v.array(v.object({
  key: v.string(),
  value: v.object({ stringValue: v.optional(v.string()) }),
}));

const Traces = v.object({
  resourceSpans: v.array(v.object({
    scopeSpans: v.array(v.object({
      spans: v.array(v.object({
        traceId: v.string(),
        spanId: v.string(),
        name: v.string(),
        startTimeUnixNano: v.string(),
        endTimeUnixNano: v.string(),
        attributes: Attributes,
        status: v.optional(v.object({ code: v.number(), message: v.string() })),
      })),
    })),
  })),
});

const Logs = v.object({
  resourceLogs: v.array(v.object({
    scopeLogs: v.array(v.object({
      scope: v.object({ name: v.string() }),
      logRecords: v.array(v.object({
        traceId: v.string(),
        spanId: v.string(),
        severityText: v.string(),
        body: v.object({ stringValue: v.optional(v.string()) }),
      })),
    })),
  })),
});

export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** 2 is an error. */
  readonly statusCode: number;
}

export interface SeenLog {
  readonly traceId: string;
  readonly spanId: string;
  readonly severity: string;
  readonly text: string;
}

/** Takes what a program exports by OTLP over HTTP, as JSON. */
export class OtlpCollector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly spans: SeenSpan[] = [];
  readonly logs: SeenLog[] = [];
  /** Everything that came, as text: to look for what must not be in it. */
  text = "";

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#take(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #take(request: Request): Promise<Response> {
    const text = await request.text();
    this.text += text;
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/traces") this.#takeSpans(v.parse(Traces, JSON.parse(text)));
    if (pathname === "/v1/logs") this.#takeLogs(v.parse(Logs, JSON.parse(text)));
    return Response.json({});
  }

  #takeSpans({ resourceSpans }: v.InferOutput<typeof Traces>): void {
    const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    for (const span of scopes.flatMap(({ spans }) => spans)) {
      const { traceId, spanId, name } = span;
      this.spans.push({
        traceId,
        spanId,
        name,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: Object.fromEntries(
          span.attributes.map(({ key, value }) => [key, value.stringValue ?? ""]),
        ),
        statusCode: span.status?.code ?? 0,
      });
    }
  }

  #takeLogs({ resourceLogs }: v.InferOutput<typeof Logs>): void {
    const scopes = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs);
    for (const { scope, logRecords } of scopes) {
      // Deno speaks of itself too.
      if (scope.name !== "deno") continue;
      for (const { traceId, spanId, severityText: severity, body } of logRecords) {
        this.logs.push({ traceId, spanId, severity, text: body.stringValue ?? "" });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
