import { Hono } from "hono";
import { isKnown, notModified, tagOf } from "../tags.ts";
import type { OpenapiDocument } from "./document.ts";

export { type DescribedOperation, type OpenapiDocument, openapiDocument } from "./document.ts";

/** `/openapi.json`: what is answered here, made of the schemas that check it, when it is first asked for. */
export function openapiRoutes(description: () => OpenapiDocument): Hono {
  const routes = new Hono();
  let text: string | undefined;
  routes.get("/openapi.json", (context) => {
    text ??= JSON.stringify(description());
    const tag = tagOf(text);
    if (isKnown(context, tag)) return notModified(context, tag);
    return context.body(text, 200, { "content-type": "application/json", etag: tag });
  });
  return routes;
}
