import { readFileSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { pageHeaders } from "../page-headers.ts";
import { NotFound } from "../problem.ts";
import { answerTagged } from "../tags.ts";

/** Where `npm run console` puts the console, in a checkout as in the published package. */
const consoleFolder = resolve(fileURLToPath(new URL("../../../ui/dist", import.meta.url)));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The console: its files as they were built, and its one page for every address that a browser opens. */
export function consoleRoutes(): Hono {
  const routes = new Hono();
  routes.get("*", (context) => {
    const { path } = context.req;
    const asset = /^\/(?:assets\/)?[\w.-]+\.(?:js|css|svg)$/.test(path)
      ? readIfThere(join(consoleFolder, path))
      : undefined;
    const isPage = !asset && (context.req.header("accept") ?? "").includes("text/html");
    const body = asset ?? (isPage ? readIfThere(join(consoleFolder, "index.html")) : undefined);
    if (!body && isPage) throw new NotFound("The console is not built: npm run console.");
    if (!body) throw new NotFound(`There is nothing at ${path}.`);
    // The name of a built file is the digest of its content; pages of assets stand below the same folder.
    const isForever = asset !== undefined && path.startsWith("/assets/");
    return answerTagged(context, body, {
      "content-type": types[asset ? extname(path) : ".html"] ?? "application/octet-stream",
      "cache-control": isForever ? "public, max-age=31536000, immutable" : "no-cache",
      ...pageHeaders,
    });
  });
  return routes;
}

function readIfThere(file: string): Uint8Array<ArrayBuffer> | undefined {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined;
}
