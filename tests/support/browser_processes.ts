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
