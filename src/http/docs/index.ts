import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { openapiDocument } from "../openapi/index.ts";
import { pageHeaders } from "../page-headers.ts";
import { docsPage } from "./page.ts";

const headers = { ...pageHeaders, "cache-control": "no-cache" };

/** `/docs`: the description of the API as a page. */
export function docsRoutes(app: Hono): Hono {
  const routes = new Hono();
  routes.get("/docs", (context) => {
    const { origin } = new URL(context.req.url);
    return context.html(docsPage(openapiDocument(app), origin), 200, headers);
  });
  for (const [name, type] of [
    ["docs.css", "text/css; charset=utf-8"],
    ["docs.js", "text/javascript; charset=utf-8"],
  ] as const)
    routes.get(`/docs/${name}`, (context) =>
      context.body(readFileSync(new URL(name, import.meta.url), "utf8"), 200, {
        ...headers,
        "content-type": type,
      }),
    );
  return routes;
}
