import { Hono } from "hono";
import { z } from "zod";
import { parseShare } from "../../core/base/index.ts";
import { type RolloutRow, rolloutModes } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { bodyOf, queryOf } from "../problem.ts";
import { iso } from "../runs/present.ts";

const share = z.union([z.number(), z.string()]).transform(parseShare);
const bound = z.union([z.number(), z.string()]);
const startBody = z.strictObject({
  asset: z.string().regex(/^[a-z_]+\/.+$/, "expected KIND/NAME, such as prompt/classify"),
  from: z.string().min(1).max(100).optional(),
  to: z.string().min(1).max(100),
  mode: z.enum(rolloutModes).default("canary"),
  share,
  by: z.string().min(1).max(1_000).optional(),
  guards: z
    .array(
      z.strictObject({
        metric: z.string().min(1).max(200),
        max: bound.optional(),
        min: bound.optional(),
        minRuns: z.int().min(1).max(1_000_000).optional(),
      }),
    )
    .max(20)
    .default([]),
});
const shareBody = z.strictObject({ share });
const promoteBody = z.strictObject({ reason: z.string().max(2_000).optional() });
const rollbackBody = z.strictObject({ reason: z.string().min(1).max(2_000) });
const listQuery = z.object({ status: z.enum(["running", "promoted", "rolled_back"]).optional() });

/** `/v1/rollouts`: how what new runs get is split between two versions of an asset. */
export function rolloutRoutes(engine: Engine): Hono {
  const routes = new Hono();
  const { rollouts, store } = engine.registry;

  routes.get("/", (context) => {
    const { status } = queryOf(context, listQuery);
    const rows = store.rollouts(status === undefined ? {} : { status });
    return context.json({ items: rows.map(presentRow), nextCursor: null });
  });

  routes.post("/", async (context) => {
    const { asset, by: key, ...request } = await bodyOf(context, startBody);
    const slash = asset.indexOf("/");
    const [kind, name] = [asset.slice(0, slash), asset.slice(slash + 1)];
    const { id } = await rollouts.start({ ...request, kind, name, key, by: "local" });
    context.header("location", `/v1/rollouts/${id}`);
    return context.json(await showRollout(engine, id), 201);
  });

  routes.get("/:id", async (context) => context.json(await showRollout(engine, context.req.param("id"))));

  routes.post("/:id/share", async (context) => {
    const { share } = await bodyOf(context, shareBody);
    const { id } = await rollouts.resize(context.req.param("id"), share, "local");
    return context.json(await showRollout(engine, id));
  });

  routes.post("/:id/promote", async (context) => {
    const { reason = null } = await bodyOf(context, promoteBody);
    const { id } = await rollouts.promote(context.req.param("id"), { by: "local", reason });
    return context.json(await showRollout(engine, id));
  });

  routes.post("/:id/rollback", async (context) => {
    const { reason } = await bodyOf(context, rollbackBody);
    const { id } = await rollouts.rollBack(context.req.param("id"), { by: "local", reason });
    return context.json(await showRollout(engine, id));
  });

  return routes;
}

async function showRollout({ registry, journal }: Engine, id: string) {
  const row = registry.rollouts.row(id);
  const events = await journal.read(`rollout/${id}`);
  return {
    ...presentRow(row),
    arms: registry.rollouts.figures(id),
    events: events.map(({ type, at, actor, data }) => ({ type, at: iso(at), actor, data })),
  };
}

function presentRow(row: RolloutRow) {
  return {
    id: row.id,
    asset: row.line,
    mode: row.mode,
    status: row.status,
    share: row.share,
    from: row.fromDigest,
    to: row.toDigest,
    by: row.key,
    guards: JSON.parse(row.guards),
    startedBy: row.startedBy,
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    reason: row.reason,
  };
}
