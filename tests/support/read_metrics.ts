/** Finds a sample of Prometheus' text by its name and exactly these labels; null when there is none. */
export function readMetrics(
  text: string,
): (name: string, labels: Readonly<Record<string, string>>) => number | null {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    samples.set(keyOf(name, pairs.map(([, key = "", value = ""]) => [key, value])), Number(value));
  }
  return (name, labels) => samples.get(keyOf(name, Object.entries(labels))) ?? null;
}

function keyOf(name: string, labels: readonly (readonly [string, string])[]): string {
  return `${name} ${JSON.stringify([...labels].sort())}`;
}
