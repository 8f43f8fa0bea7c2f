/** Numerics that refuse a message, a topic or a redaction; parameter 1 names the channel (417 names none). */
const REFUSALS: ReadonlySet<string> = new Set([
  "401", // no such nick or channel
  "403", // no such channel
  "404", // cannot send to channel
  "408", // no colours here
  "412", // no text
  "415", // registered nicks only
  "417", // line too long
  "442", // not on that channel
  "477", // registered nicks only
  "482", // channel operators only
  "486", // registered nicks only
  "489", // voice needed
  "531", // no messages to those
  "573", // no relayed messages here
]);

export function isRefusalNumeric(command: string): boolean {
  return REFUSALS.has(command);
}
