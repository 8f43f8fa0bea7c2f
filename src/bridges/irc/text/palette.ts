import type { Colour } from "../../../relay/rich_text.ts";

// mIRC's numbered colours 0 to 98 as https://modern.ircdocs.horse/formatting#colors lists them; 99 is "default".
const PALETTE = (
  "ffffff 000000 00007f 009300 ff0000 7f0000 9c009c fc7f00 ffff00 00fc00 009393 00ffff 0000fc ff00ff 7f7f7f d2d2d2 " +
  "470000 472100 474700 324700 004700 00472c 004747 002747 000047 2e0047 470047 47002a " +
  "740000 743a00 747400 517400 007400 007449 007474 004074 000074 4b0074 740074 740045 " +
  "b50000 b56300 b5b500 7db500 00b500 00b571 00b5b5 0063b5 0000b5 7500b5 b500b5 b5006b " +
  "ff0000 ff8c00 ffff00 b2ff00 00ff00 00ffa0 00ffff 008cff 0000ff a500ff ff00ff ff0098 " +
  "ff5959 ffb459 ffff71 cfff60 6fff6f 65ffc9 6dffff 59b4ff 5959ff c459ff ff66ff ff59bc " +
  "ff9c9c ffd39c ffff9c e2ff9c 9cff9c 9cffdb 9cffff 9cd3ff 9c9cff dc9cff ff9cff ff94d3 " +
  "000000 131313 282828 363636 4d4d4d 656565 818181 9f9f9f bcbcbc e2e2e2 ffffff"
).split(" ");

/** The number that means "no colour of its own". */
export const DEFAULT_COLOUR = 99;

/** The colour of a number; null for 99 and what lies outside. */
export function paletteColour(number: number): Colour | null {
  const rgb = PALETTE[number];
  return rgb === undefined ? null : { rgb, palette: number };
}

/** The number to write for a colour: its own, else that of the nearest colour (clients know numbers, few know hex). */
export function paletteNumber(colour: Colour): number {
  if (colour.palette !== undefined && PALETTE[colour.palette] !== undefined) return colour.palette;
  const wanted = channels(colour.rgb);
  let nearest = 0;
  let smallest = Infinity;
  PALETTE.forEach((rgb, number) => {
    const distance = channels(rgb).reduce(
      (sum, value, i) => sum + (value - (wanted[i] ?? 0)) ** 2,
      0,
    );
    if (distance < smallest) [nearest, smallest] = [number, distance];
  });
  return nearest;
}

function channels(rgb: string): number[] {
  const value = Number.parseInt(rgb, 16);
  return Number.isNaN(value) ? [0, 0, 0] : [value >> 16 & 255, value >> 8 & 255, value & 255];
}
