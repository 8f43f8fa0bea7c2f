import assert from "node:assert/strict";
import { terminalSvg } from "../../docs/pictures/terminal_svg.ts";

const draw = (...lines: string[]) =>
  terminalSvg(lines, { columns: 20, title: "a & b", description: "what it <shows>" });

Deno.test("terminalSvg() draws each line's text in its looks, escaped, and the title", () => {
  const svg = draw("\x1b[1;31mred <b>\x1b[0m plain", "\x1b[7mturned\x1b[0m");
  assert.match(svg, /^<svg [^>]*role="img">/);
  assert.match(svg, /<title>what it &lt;shows&gt;<\/title>/);
  assert.match(svg, /a &amp; b/);
  assert.match(svg, /fill="#e06c75" font-weight="bold">red\s&lt;b&gt;<\/text>/);
  assert.match(svg, /turned/);
  assert.ok(!svg.includes("\x1b"));
});

Deno.test("terminalSvg() refuses sequences that a captured screen can't have", () => {
  assert.throws(() => draw("\x1b[2Jgone"));
});
