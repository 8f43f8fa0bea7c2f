/** What a test says to an HTTP server, header by header: fetch() would set some itself. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** One request on a connection of its own. */
export async function connectRaw(url: string, request: RawRequest): Promise<RawResponse> {
  const { hostname, port, host } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const { method, path, body } = request;
  const length = String(new TextEncoder().encode(body).length);
  const sized = method === "POST" ? { "content-length": length } : {};
  const headers = { host, connection: "close", ...sized, ...request.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const asked = `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
  await connection.write(new TextEncoder().encode(asked));
  let text = "";
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isWhole(text)) break;
  }
  return parse(text);
}

/** A server may keep the connection open although it has answered. */
function isWhole(text: string): boolean {
  const [head, body] = text.split(/\r\n\r\n(.*)/s);
  const length = /^content-length: (\d+)/im.exec(head ?? "")?.[1];
  return body !== undefined && length !== undefined &&
    new TextEncoder().encode(body).length >= Number(length);
}

function parse(text: string): RawResponse {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Headers(lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  }));
  const body = rest.join("\r\n\r\n");
  const status = Number(first.split(" ")[1]);
  return { status, headers, body: headers.has("transfer-encoding") ? unchunked(body) : body };
}

function unchunked(body: string): string {
  return body.split("\r\n").filter((_, index) => index % 2 === 1).join("");
}
