/** Highest number that is tried. */
const LAST_NUMBER = 99;

/**
 * The nick to try after `failures` refusals: the configured one, that with `_`, then numbered ones. Cut so that it
 * fits `maxLength`. Null when all have been tried.
 */
export function nickCandidate(wanted: string, failures: number, maxLength: number): string | null {
  if (failures === 0) return wanted.slice(0, maxLength);
  if (failures === 1) return fitted(wanted, "_", maxLength);
  const number = failures - 1;
  return number > LAST_NUMBER ? null : fitted(wanted, String(number), maxLength);
}

function fitted(wanted: string, suffix: string, maxLength: number): string {
  return wanted.slice(0, Math.max(1, maxLength - suffix.length)) + suffix;
}
