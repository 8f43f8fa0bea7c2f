import { configurationMarkdown } from "./configuration_markdown.ts";

/** Writes docs/configuration.md anew from the tables in src/config/. */
await Deno.writeTextFile(new URL("./configuration.md", import.meta.url), configurationMarkdown());
