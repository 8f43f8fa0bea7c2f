const LINK = /https?:\/\/[^\s<>"]+/giu;
/** Punctuation of the sentence around a link, not of the link. */
const TRAILING = /[.,;:!?'")\]}*_~`…»]+$/u;
const FILE = /\.(?:png|jpe?g|gif|webp)$/i;
/** Some hosts name the kind of a picture beside the path: `?format=jpg&name=large`. */
const PARAMETER = /^(?:png|jpe?g|gif|webp)$/i;
const KIND_PARAMETERS = ["format", "fm", "ext"];
const LONGEST_LINK = 2_000;

/** The links of a text that look like pictures, as written, each once. */
export function pictureLinks(text: string): string[] {
  const links = Array.from(text.matchAll(LINK), ([link]) => link.replace(TRAILING, ""));
  return [...new Set(links.filter(isPictureLink))];
}

/** The text with each of these links in place of another. */
export function replaceLinks(text: string, by: ReadonlyMap<string, string>): string {
  return text.replace(LINK, (written) => {
    const link = written.replace(TRAILING, "");
    const other = by.get(link);
    return other === undefined ? written : other + written.slice(link.length);
  });
}

/** Only what says by its name that it is a picture: the relay does not visit every page that people talk about. */
function isPictureLink(link: string): boolean {
  const url = link.length > LONGEST_LINK ? null : URL.parse(link);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return FILE.test(url.pathname) ||
    KIND_PARAMETERS.some((name) => PARAMETER.test(url.searchParams.get(name) ?? ""));
}
