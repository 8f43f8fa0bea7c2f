/** So many bytes tell what a file is. */
export const SIGNATURE_BYTES = 12;

/**
 * The media type of a picture by its first bytes, whatever its name and its sender say; null for what is none of those
 * that browsers show and that hold nothing to run.
 */
export function pictureType(bytes: Uint8Array): string | null {
  const start = Array.from(bytes.subarray(0, SIGNATURE_BYTES), (byte) => String.fromCharCode(byte))
    .join("");
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(start)) return "image/gif";
  return /^RIFF[^]{4}WEBP/.test(start) ? "image/webp" : null;
}
