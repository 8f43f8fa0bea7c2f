import { offers, operation } from "./documents.js";
import { GraphqlSocket } from "./gql.js";
import {
  avatar,
  drawBody,
  drawQuote,
  drawReactions,
  element,
  hueOf,
  nameOf,
  QUICK_REACTIONS,
  timeText,
} from "./messages.js";

const config = JSON.parse(document.getElementById("config").textContent);
const roomId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1));
const by = (id) => document.getElementById(id);
const log = by("log");
const text = by("text");
const messages = new Map();
const members = new Map();
const typing = new Map();
let me = null;
let socket = null;
let replyingTo = null;
let editing = null;

const here = { room: roomId };

/** A page-only request: none of Kosmi's GraphQL operations. */
async function page(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: localStorage.getItem("token"), ...body }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function anonymousToken() {
  const login = operation("AnonLogin");
  const response = await fetch(config.httpEndpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: login.query, variables: login.variables }),
  });
  return login.read((await response.json()).data).anonLogin.token;
}

async function start() {
  // ?name=Ada gives this tab a member of its own, so that two tabs can talk to each other.
  const name = new URLSearchParams(location.search).get("name");
  const storage = name === null ? localStorage : sessionStorage;
  let token = storage.getItem("token");
  if (token === null || !(await known(token))) {
    token = await anonymousToken();
    storage.setItem("token", token);
  }
  if (name !== null) await page("/page/name", { token, name });
  socket = new GraphqlSocket(config.wsEndpoint, token);
  socket.onState = (state) => {
    by("state").dataset.state = state;
    by("state").textContent = state === "closed" ? "reconnecting" : state;
  };
  socket.onReady = () =>
    enter().catch((error) => notice(`Cannot enter the room: ${error.message}`));
  socket.connect();
}

async function known(token) {
  return await page("/page/me", { token }).then(() => true, () => false);
}

async function enter() {
  const user = await socket.run("ExtendedCurrentUserQuery");
  showMe(user.currentUser);
  await socket.run("JoinRoom", here);
  const room = await socket.run("RoomRootQuery", here);
  showRoom(room.room);
  await showHistory();
  listen("MemberJoins", (member) => showMember(member.user, true));
  listen("MemberLeaves", (member) => showMember(member.user, false));
  listen("MessageEditedSubscription", (message) => show({ ...message }));
  listen("MessageDeletedSubscription", ({ id }) => showDeleted(id));
  listen("ReactionAdded", ({ message }) => show(message));
  listen("ReactionRemoved", ({ message }) => show(message));
  listen("UserTyping", ({ user }) => showTyping(user));
  listen("NewMessageSubscription", (message) => show(message));
}

function listen(title, onEvent) {
  if (!offers(title)) return;
  socket.subscribe(title, here, (data) => onEvent(Object.values(data)[0]));
}

async function showHistory() {
  const { chatArchive } = await socket.run("RoomChatQuery", here);
  const results = chatArchive.results.toSorted((
    a,
    b,
  ) => (a.time > b.time ? 1 : a.time < b.time ? -1 : 0));
  if (results.length === 0 && messages.size === 0) {
    log.replaceChildren(element("li", { class: "empty" }, "Nothing has been said yet. Say hello!"));
  }
  for (const message of results) show(message);
}

function showMe(user) {
  me = user;
  by("you").textContent = nameOf(user);
}

function showRoom(room) {
  by("room-name").textContent = room.name;
  by("room-id").textContent = `kosmi room ${room.id}`;
  document.title = `${room.name} · Kosmi stand-in`;
  members.clear();
  for (const { user } of room.members) members.set(user.id, user);
  drawMembers();
}

function showMember(user, present) {
  const was = members.has(user.id);
  if (present) members.set(user.id, user);
  else members.delete(user.id);
  drawMembers();
  if (was !== present) notice(`${nameOf(user)} ${present ? "joined" : "left"}`);
}

function drawMembers() {
  by("members").replaceChildren(
    ...[...members.values()].map((user) =>
      element("li", {}, avatar(user), element("span", {}, nameOf(user)))
    ),
  );
}

function notice(words) {
  addToLog(element("li", { class: "notice" }, words));
}

function addToLog(item) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.querySelector(".empty")?.remove();
  log.append(item);
  while (log.children.length > 500) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** Draws a message at the end, or over its old self. */
function show(message) {
  const old = messages.get(message.id);
  typing.delete(message.user?.id);
  drawTyping();
  if (old) {
    const item = drawMessage(message, old.item.classList.contains("first"));
    old.item.replaceWith(item);
    messages.set(message.id, { message, item });
    return;
  }
  const last = [...messages.values()].at(-1);
  const grouped = last !== undefined && last.item === log.lastElementChild && !message.replyTo &&
    last.message.user?.id === message.user?.id &&
    Math.abs(timeOf(message) - timeOf(last.message)) < 300_000;
  const item = drawMessage(message, !grouped);
  messages.set(message.id, { message, item });
  if (messages.size > 500) messages.delete(messages.keys().next().value);
  addToLog(item);
  for (const image of item.querySelectorAll("img")) {
    image.addEventListener("load", () => log.scrollTop = log.scrollHeight, { once: true });
  }
}

function timeOf(message) {
  return Date.parse(timeText(message.time).iso);
}

function drawMessage(message, first) {
  const time = timeText(message.time);
  const mine = message.user?.id === me?.id;
  const content = element("div", { class: "content" });
  if (first) {
    content.append(element(
      "div",
      { class: "head" },
      element("span", { class: "nick" }, nameOf(message.user)),
      element("time", { datetime: time.iso, title: time.iso }, time.text),
    ));
  }
  if (message.replyTo) {
    content.append(
      drawQuote(
        message.replyTo,
        () => messages.get(message.replyTo.id)?.item.scrollIntoView({ block: "center" }),
      ),
    );
  }
  const body = drawBody(message.body);
  if (message.editedAt) body.append(element("span", { class: "edited" }, " (edited)"));
  const react = (emoji) => act("react", { messageId: message.id, emoji });
  content.append(body, drawReactions(message.reactions, me, react));
  const style = `--hue:${hueOf(message.user?.id ?? "")}`;
  return element(
    "li",
    { class: `message${first ? " first" : ""}`, style, "data-id": message.id },
    first ? avatar(message.user) : "",
    content,
    drawTools(message, mine, react),
  );
}

function drawTools(message, mine, react) {
  const button = (label, title, onclick) =>
    element("button", { type: "button", title, "aria-label": title, onclick }, label);
  const tools = QUICK_REACTIONS.map((emoji) =>
    button(emoji, `React with ${emoji}`, () => react(emoji))
  );
  tools.push(button("↩", "Reply", () => startReply(message)));
  if (mine) {
    tools.push(button("✎", "Edit", () => startEdit(message)));
    tools.push(button("✕", "Delete", () => act("delete", { messageId: message.id })));
  }
  return element("div", { class: "tools" }, ...tools);
}

function showDeleted(id) {
  const known = messages.get(id);
  if (!known) return;
  known.item.classList.add("deleted");
  known.item.querySelector(".body").replaceChildren("message deleted");
  known.item.querySelector(".reactions").replaceChildren();
  known.item.querySelector(".quote")?.remove();
}

function showTyping(user) {
  if (user.id === me?.id) return;
  clearTimeout(typing.get(user.id)?.timer);
  const timer = setTimeout(() => {
    typing.delete(user.id);
    drawTyping();
  }, 4000);
  typing.set(user.id, { name: nameOf(user), timer });
  drawTyping();
}

function drawTyping() {
  const names = [...typing.values()].map((entry) => entry.name);
  by("typing").textContent = names.length === 0 ? "" : `${names.join(", ")} typing…`;
}

async function act(action, body) {
  const token = (new URLSearchParams(location.search).has("name") ? sessionStorage : localStorage)
    .getItem("token");
  await page("/page/action", { token, action, roomId, ...body }).catch((error) =>
    notice(error.message)
  );
}

function startReply(message) {
  replyingTo = message;
  editing = null;
  setBanner(`Replying to ${nameOf(message.user)}: ${message.body}`);
}

function startEdit(message) {
  editing = message;
  replyingTo = null;
  text.value = message.body;
  setBanner("Editing your message");
}

function setBanner(words) {
  by("replying").hidden = words === null;
  by("replying-to").textContent = words ?? "";
  text.focus();
}

function stopReply() {
  replyingTo = null;
  editing = null;
  setBanner(null);
}

async function submit() {
  const body = text.value.trim();
  if (body === "" || socket === null) return;
  text.value = "";
  grow();
  const target = { replyingTo, editing };
  stopReply();
  if (target.editing) return await act("edit", { messageId: target.editing.id, text: body });
  try {
    const { sendMessage2 } = await socket.run("SendMessage2", {
      ...here,
      body,
      reply: target.replyingTo?.id ?? null,
    });
    if (!sendMessage2.ok) notice("The message was not accepted");
  } catch (error) {
    notice(`The message was not sent: ${error.message}`);
  }
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

let lastTyping = 0;
text.addEventListener("input", () => {
  grow();
  if (Date.now() - lastTyping < 2500) return;
  lastTyping = Date.now();
  socket?.run("StartTyping", here).catch(() => {});
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stopReply();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
by("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
by("reply-cancel").addEventListener("click", stopReply);
by("you").addEventListener("click", () => {
  by("name").value = nameOf(me);
  by("name-dialog").showModal();
});
by("name-cancel").addEventListener("click", () => by("name-dialog").close());
by("name-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  by("name-dialog").close();
  const token = (new URLSearchParams(location.search).has("name") ? sessionStorage : localStorage)
    .getItem("token");
  await page("/page/name", { token, name: by("name").value.trim() });
  socket.reconnect();
});

start().catch((error) => notice(`Cannot start: ${error.message}`));
