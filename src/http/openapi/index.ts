import { Hono } from "hono";
import { once } from "../schema.ts";
import { answerTagged } from "../tags.ts";
import type { OpenapiDocument } from "./document.ts";

export { type DescribedOperation, type OpenapiDocument, openapiDocument } from "./document.ts";

/** `/openapi.json`: what is answered here, made of the schemas that check it, when it is first asked for. */
export function openapiRoutes(description: () => OpenapiDocument): Hono {
  const routes = new Hono();
  const text = once(() => JSON.stringify(description()));
  routes.get("/openapi.json", (context) =>
    answerTagged(context, text(), { "content-type": "application/json" }),
  );
  return routes;
}
