const PAGE = new URL("../../../docs/matterbridge-together.md", import.meta.url);

/** The code block of docs/matterbridge-together.md under the mark `<!-- example: NAME -->`. */
export async function documentedExample(name: string): Promise<string> {
  const page = await Deno.readTextFile(PAGE);
  const mark = `<!-- example: ${name} -->\n`;
  const block = page.slice(page.indexOf(mark) + mark.length);
  const code = /^```\w+\n(.*?)^```$/ms.exec(block)?.[1];
  if (!page.includes(mark) || code === undefined) {
    throw new Error(`docs/matterbridge-together.md has no example ${name}`);
  }
  return code;
}
