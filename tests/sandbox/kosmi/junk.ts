/** Frames that a client must survive. */
export type Junk =
  | "unknown-type"
  | "unknown-id"
  | "malformed-json"
  | "truncated-json"
  | "not-an-object"
  | "no-type"
  | "null-payload"
  | "wrong-types"
  | "json-ping"
  | "binary"
  | "ten-megabytes";

const TEN_MEGABYTES = 10 * 1024 * 1024;

export function junkFrame(kind: Junk): string | Uint8Array {
  switch (kind) {
    case "unknown-type":
      return '{"type":"presence_diff","payload":{"joins":{},"leaves":{}}}';
    case "unknown-id":
      return '{"id":"nobody-asked","type":"next","payload":{"data":{"newMessage":null}}}';
    case "malformed-json":
      return "<html>502 Bad Gateway</html>";
    case "truncated-json":
      return '{"id":"1","type":"next","payload":{"data":{"newMes';
    case "not-an-object":
      return "[1,2,3]";
    case "no-type":
      return '{"id":"1"}';
    case "null-payload":
      return '{"id":"1","type":"next","payload":null}';
    case "wrong-types":
      return '{"id":7,"type":"error","payload":"gone wrong"}';
    case "json-ping":
      return '{"type":"ping"}';
    case "binary":
      return new Uint8Array([0, 255, 254, 1, 2, 3]);
    case "ten-megabytes":
      return `{"type":"bulk","payload":"${"x".repeat(TEN_MEGABYTES)}"}`;
  }
}
