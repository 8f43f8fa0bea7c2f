/** Draws one message of the chat. All text goes in as text, never as markup. */

const IMAGE_URL = /^https?:\/\/\S+\.(?:png|jpe?g|gif|webp|avif)(?:\?\S*)?$/i;
const URLS = /(https?:\/\/[^\s<>"]+)/g;
export const QUICK_REACTIONS = ["👍", "❤️", "😂"];

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function hueOf(text) {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return hash % 360;
}

export function nameOf(user) {
  return user?.displayName ?? user?.username ?? "Somebody";
}

export function avatar(user) {
  const name = nameOf(user);
  const words = name.replace(/[^\p{L}\p{N}\s]/gu, " ").trim().split(/\s+/);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "").join("") || [...name][0];
  const style = `--hue:${hueOf(user?.id ?? name)}`;
  return element("span", { class: "avatar", style, "aria-hidden": "true" }, letters.toUpperCase());
}

export function drawBody(text) {
  const body = element("div", { class: "body" });
  if (IMAGE_URL.test(text.trim())) {
    const address = text.trim();
    const image = element("img", { src: address, alt: "picture", referrerpolicy: "no-referrer" });
    const link = element(
      "a",
      { href: address, target: "_blank", rel: "noopener noreferrer" },
      image,
    );
    image.addEventListener("error", () => link.replaceChildren(address));
    body.append(link);
    return body;
  }
  for (const part of text.split(URLS)) {
    if (!part.match(/^https?:\/\//)) body.append(part);
    else {body.append(
        element("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part),
      );}
  }
  return body;
}

export function drawQuote(original, jump) {
  const text = original ? `${original.body}` : "a message that is no longer here";
  return element(
    "button",
    { class: "quote", type: "button", onclick: jump },
    original ? element("b", {}, `${nameOf(original.user)} `) : "",
    text.replace(/\s+/g, " ").slice(0, 120),
  );
}

export function drawReactions(reactions, me, onToggle) {
  const counts = new Map();
  for (const { emoji, user } of reactions ?? []) {
    const entry = counts.get(emoji) ?? { count: 0, mine: false };
    entry.count += 1;
    entry.mine ||= user?.id === me?.id;
    counts.set(emoji, entry);
  }
  const chips = [...counts].map(([emoji, { count, mine }]) =>
    element(
      "button",
      { type: "button", class: mine ? "mine" : "", onclick: () => onToggle(emoji) },
      `${emoji} ${count}`,
    )
  );
  return element("div", { class: "reactions" }, ...chips);
}

export function timeText(time) {
  const date = new Date(typeof time === "number" ? time * (time > 1e11 ? 1 : 1000) : time);
  return {
    iso: date.toISOString(),
    text: date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  };
}
