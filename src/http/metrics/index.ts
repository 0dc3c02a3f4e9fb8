import { Hono } from "hono";
import { EventLoop } from "../../core/base/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { exposition, expositionType } from "./exposition.ts";
import { gauges } from "./gauges.ts";
import { processFamilies } from "./process.ts";
import { getPrometheus } from "./schema.ts";

/** `/metrics`, for Prometheus. */
export function metricsRoutes(engine: Engine): Hono {
  const routes = new Hono();
  const eventLoop = new EventLoop();

  serve(routes, getPrometheus, ({ context }) => {
    const families = [
      ...engine.metrics.families(),
      ...gauges(engine),
      ...processFamilies(eventLoop, engine.clock.now()),
    ];
    return context.body(exposition(families), 200, { "content-type": expositionType });
  });

  return routes;
}
