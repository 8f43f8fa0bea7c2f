import type { Page } from "puppeteer-core";
import type { Clock } from "../../base/clock.ts";
import { inTime, type ScratchFolders } from "./local_browser.ts";
import { blankFields } from "./page_script.ts";

/** Where pictures of a page that was not understood go. */
export interface PictureFolder extends ScratchFolders {
  readonly path: string;
  write(name: string, bytes: Uint8Array): Promise<void>;
}

const SAVE_LIMIT_MS = 5_000;

/**
 * Saves a picture of the page into the data directory, what was typed into it made unreadable; the file's path, or null
 * where that was not possible. Each picture replaces the one before.
 */
export async function savePicture(options: {
  readonly page: Page;
  readonly directory: PictureFolder;
  readonly clock: Clock;
  readonly secrets: readonly string[];
}): Promise<string | null> {
  const { page, directory, clock, secrets } = options;
  const name = "kosmi_login_page.png";
  const save = async () => {
    for (const frame of page.frames()) await frame.evaluate(blankFields, secrets);
    await directory.write(name, await page.screenshot({ type: "png" }));
  };
  let saved = false;
  await inTime(save().then(() => saved = true), clock, SAVE_LIMIT_MS);
  return saved ? `${directory.path}/${name}` : null;
}
