/** What a resolver says when it fails: the text is the service's code, as in `ROOM_NOT_FOUND`. */
export class KosmiError extends Error {
  override readonly name = "KosmiError";
}
