import type { IncomingMessage, ServerResponse } from "node:http";
import { reply } from "./http_tools.ts";

/** The web app: its pages come from the folder `page`. */
export class WebApp {
  // deno-lint-ignore require-await
  async answer(_request: IncomingMessage, response: ServerResponse, _path: string): Promise<void> {
    reply(response, 404, "Not found");
  }
}
