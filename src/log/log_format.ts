import { escapeUnsafe, quote } from "../base/text.ts";
import { type LogLevel, type LogLine, valueText } from "./log_line.ts";
import { type Paint, paint } from "./terminal.ts";

/** Writes a line out, without a line end. The result holds no control character but a colour's own codes. */
export type LogFormat = (line: LogLine) => string;

/** `time=… level=info msg="…" category=… account=…`. Sentences that stand in the message aren't written twice. */
export function logfmt(line: LogLine): string {
  const fields = [
    `time=${new Date(line.atMs).toISOString()}`,
    `level=${line.level}`,
    `msg=${quote(line.message)}`,
  ];
  if (line.category !== "") fields.push(`category=${bareOrQuoted(line.category)}`);
  for (const [name, value] of line.properties) {
    const text = valueText(value);
    if (line.shown.has(name) && text.length > LONGEST_REPEATED) continue;
    fields.push(`${fieldName(name)}=${bareOrQuoted(text)}`);
  }
  return fields.join(" ");
}

/** A name or a number is worth a field of its own even so: programs look for it. */
const LONGEST_REPEATED = 40;

const OWN_FIELDS: ReadonlySet<string> = new Set(["time", "level", "msg", "category"]);

/** A property can't pass itself off as a field of the line's own: it is written as `fields.level`, as logrus does. */
function fieldName(name: string): string {
  const safe = name.replace(/[^\w.-]/g, "_") || "_";
  return OWN_FIELDS.has(safe) ? `fields.${safe}` : safe;
}

function bareOrQuoted(text: string): string {
  return /^[\w.:/@#%+,*~-]+$/.test(text) ? text : quote(text);
}

/** One JSON object: time, level, msg, category, then the properties. */
export function jsonFormat(line: LogLine): string {
  const fields: [string, unknown][] = [
    ["time", new Date(line.atMs).toISOString()],
    ["level", line.level],
    ["msg", line.message],
    ["category", line.category],
  ];
  for (const [name, value] of line.properties) {
    fields.push([OWN_FIELDS.has(name) ? `fields.${name}` : name, value]);
  }
  return escapeUnsafe(JSON.stringify(Object.fromEntries(fields)));
}

const LEVEL_MARKS: Readonly<Record<LogLevel, { readonly text: string; readonly paint: Paint }>> = {
  debug: { text: "debug", paint: "dim" },
  info: { text: "info ", paint: "green" },
  warning: { text: "WARN ", paint: "yellow" },
  error: { text: "ERROR", paint: "red" },
};

/** For people: `15:04:05 info  irc.libera  Joined #film  users=12`. Local time; what the message says isn't repeated. */
export function prettyFormat(colour: boolean): LogFormat {
  return (line) => {
    const mark = LEVEL_MARKS[line.level];
    const parts = [
      paint(new Date(line.atMs).toTimeString().slice(0, 8), "dim", colour),
      paint(mark.text, mark.paint, colour),
      paint(escapeUnsafe(line.category).padEnd(12), "cyan", colour),
      escapeUnsafe(line.message),
    ];
    for (const [name, value] of line.properties) {
      if (line.shown.has(name)) continue;
      parts.push(
        paint(`${fieldName(name)}=`, "dim", colour) + bareOrQuoted(valueText(value)),
      );
    }
    return parts.join(" ");
  };
}
