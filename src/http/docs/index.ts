import { readFileSync } from "node:fs";
import { type Context, Hono } from "hono";
import type { OpenapiDocument } from "../openapi/index.ts";
import { pageHeaders } from "../page-headers.ts";
import { answerTagged } from "../tags.ts";
import { docsPage } from "./page.ts";

const files = { "docs.css": "text/css", "docs.js": "text/javascript" };

/** `/docs`: the description of the API as a page. */
export function docsRoutes(description: () => OpenapiDocument): Hono {
  const routes = new Hono();
  let kept = { origin: "", page: "" };
  routes.get("/docs", (context) => {
    const { origin } = new URL(context.req.url);
    if (kept.origin !== origin) kept = { origin, page: String(docsPage(description(), origin)) };
    return answer(context, kept.page, "text/html");
  });
  for (const [name, type] of Object.entries(files))
    routes.get(`/docs/${name}`, (context) =>
      answer(context, readFileSync(new URL(name, import.meta.url), "utf8"), type),
    );
  return routes;
}

function answer(context: Context, text: string, type: string): Response {
  return answerTagged(context, text, {
    ...pageHeaders,
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-cache",
  });
}
