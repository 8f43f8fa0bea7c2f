import { didYouMean } from "./did_you_mean.ts";
import type { ValueType } from "./option.ts";
import { mapped, text } from "./value_types.ts";

/** What stands before a relayed text when RemoteNickFormat is empty. */
export const DEFAULT_NICK_FORMAT = "[{PROTOCOL}] <{NICK}> ";

/** What RemoteNickFormat may hold in braces. */
export const PLACEHOLDERS: readonly string[] = [
  "NICK",
  "NOPINGNICK",
  "PROTOCOL",
  "BRIDGE",
  "GATEWAY",
  "LABEL",
  "USERID",
  "CHANNEL",
];

/** A RemoteNickFormat. What stands in braces and is no placeholder is relayed as it is written, so it is only warned of. */
export const nickTemplate: ValueType<string> = {
  ...text({ name: "template" }),
  read: (raw) => {
    const reading = mapped(text().read(raw), (value) => value === "" ? DEFAULT_NICK_FORMAT : value);
    if ("fault" in reading) return reading;
    const warnings = unknownPlaceholders(reading.value).map(warningFor);
    return warnings.length === 0 ? reading : { ...reading, warning: warnings.join("; ") };
  },
};

function unknownPlaceholders(template: string): string[] {
  const names = [...template.matchAll(/\{([A-Za-z]{1,40})\}/g)].map((match) => match[1] ?? "");
  return [...new Set(names)].filter((name) => !PLACEHOLDERS.includes(name));
}

function warningFor(name: string): string {
  if (name === "TENGO") {
    return "{TENGO} is not supported, because the relay runs no scripts: it stays as it is written";
  }
  return `there is no placeholder {${name}}, so it stays as it is written${
    didYouMean(name, PLACEHOLDERS)
  }`;
}
