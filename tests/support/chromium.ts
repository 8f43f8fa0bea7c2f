/** Debian's Chromium: the browser that the tests of the login use. */
export const CHROMIUM = "/usr/bin/chromium";

/** False where it is not installed: its tests are then reported as ignored. */
export const hasChromium: boolean = isThere(CHROMIUM);

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Ids of the browser processes whose profile is in this folder, the browser's own first. Linux only. */
export async function browserProcesses(folder: string): Promise<number[]> {
  const found: number[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const commandLine = await Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "");
    if (commandLine.includes(`--user-data-dir=${folder}`)) found.push(Number(entry.name));
  }
  return found.sort((a, b) => a - b);
}
