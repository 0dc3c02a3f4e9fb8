import { Hono } from "hono";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { listModels, listRoutes } from "./schema.ts";

/** `/v1/models`: every model that was asked since this process began, with its health, price and latency. */
export function modelRoutes({ gateway }: Engine): Hono {
  const routes = new Hono();
  serve(routes, listModels, () => ({ items: gateway.models(), nextCursor: null }));
  return routes;
}

/** `/v1/routes`: every route that was asked, and who has answered. */
export function routeRoutes({ gateway }: Engine): Hono {
  const routes = new Hono();
  serve(routes, listRoutes, () => ({ items: gateway.routes(), nextCursor: null }));
  return routes;
}
