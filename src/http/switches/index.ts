import { Hono } from "hono";
import { type SwitchRow, switchId } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { listSwitches, turnSwitch } from "./schema.ts";

/** `/v1/switches`: what is switched off, and switching it off and on: everything, a workflow, model, tool or agent. */
export function switchRoutes(engine: Engine): Hono {
  const routes = new Hono();

  const show = () => ({ items: engine.executor.switches.map(presentSwitch), nextCursor: null });

  serve(routes, listSwitches, show);

  serve(routes, turnSwitch, async ({ body: { scope, name = "", off, reason = null } }) => {
    await engine.executor.turn(switchId(scope, name), { off: off || null, by: "local", reason });
    return show();
  });

  return routes;
}

function presentSwitch({ id, mode, by, reason, since }: SwitchRow) {
  return { switch: id, off: mode, by, reason, since: iso(since) };
}
