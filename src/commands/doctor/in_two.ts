/** Where our own errors turn from what was seen to what to do. */
const TURN =
  /(?:\.|;) (?=(?:Install|Set|Check|Run|Start|Move|Put|Make|Stop|Give|Wait|Choose|Log in|Look|Remove|Take|leave|move|run|set|check)\b)/;

/** Our errors say first what was seen and then what to do: a row has a place for each. */
export function inTwo(message: string, otherwise: string): { seen: string; remedy: string } {
  const turn = TURN.exec(message);
  if (turn === null) return { seen: message, remedy: otherwise };
  return {
    seen: message.slice(0, turn.index),
    remedy: message.slice(turn.index + turn[0].length),
  };
}
