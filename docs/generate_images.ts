import { compileInto } from "../tests/support/binary.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { drawDemo } from "./pictures/demo.ts";
import { drawStatusPage } from "./pictures/status.ts";
import { drawTerminals } from "./pictures/terminals.ts";

/**
 * Draws docs/images again, from the program as it is. Needs Chromium, irssi, tmux, and fonts for emoji and Japanese.
 * Run it with: deno run -A docs/generate_images.ts [demo] [status] [terminals]
 */
const IMAGES = new URL("./images", import.meta.url).pathname;
const wanted = Deno.args.length > 0 ? Deno.args : ["demo", "status", "terminals"];
if (wanted.includes("demo")) await drawDemo(IMAGES);
if (wanted.includes("status")) await drawStatusPage(IMAGES);
if (wanted.includes("terminals")) {
  await using folder = await tempDir("images-");
  const compiled = await compileInto(folder.path);
  if (compiled.kind !== "built") throw new Error(`Cannot compile the relay: ${compiled.why}`);
  await drawTerminals(IMAGES, compiled.path);
}
