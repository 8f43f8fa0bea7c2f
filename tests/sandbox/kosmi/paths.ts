/** Where each of Kosmi's hosts lives on our one server; the web app has the rest. */
export const PATHS = {
  engine: "/engine/",
  socket: "/engine/gql-ws",
  images: "/images/",
} as const;
