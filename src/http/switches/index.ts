import { Hono } from "hono";
import { z } from "zod";
import { type SwitchRow, switchId, switchScopes } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { bodyOf } from "../problem.ts";
import { iso } from "../runs/present.ts";

const turnBody = z
  .strictObject({
    scope: z.enum(switchScopes),
    name: z.string().min(1).max(200).optional(),
    off: z.union([z.enum(["drain", "stop"]), z.literal(false)]),
    reason: z.string().max(2_000).optional(),
  })
  .refine(({ scope, name }) => (scope === "all") === (name === undefined), {
    error: "name what is meant, unless it is all",
    path: ["name"],
  });

/** `/v1/switches`: what is switched off, and switching it off and on: everything, a workflow, model, tool or agent. */
export function switchRoutes(engine: Engine): Hono {
  const routes = new Hono();

  routes.get("/", (context) =>
    context.json({ items: engine.executor.switches.map(presentSwitch), nextCursor: null }),
  );

  routes.post("/", async (context) => {
    const { scope, name = "", off, reason = null } = await bodyOf(context, turnBody);
    await engine.executor.turn(switchId(scope, name), { off: off || null, by: "local", reason });
    return context.json({ items: engine.executor.switches.map(presentSwitch), nextCursor: null });
  });

  return routes;
}

function presentSwitch({ id, mode, by, reason, since }: SwitchRow) {
  return { switch: id, off: mode, by, reason, since: iso(since) };
}
