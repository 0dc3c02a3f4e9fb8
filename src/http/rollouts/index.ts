import { Hono } from "hono";
import type { RolloutRow } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { getRollout, listRollouts, promoteRollout, resizeRollout, rollBack, startRollout } from "./schema.ts";

/** `/v1/rollouts`: how what new runs get is split between two versions of an asset. */
export function rolloutRoutes(engine: Engine): Hono {
  const routes = new Hono();
  const { rollouts, store } = engine.registry;

  serve(routes, listRollouts, ({ query: { status } }) => {
    const rows = store.rollouts(status === undefined ? {} : { status });
    return { items: rows.map(presentRow), nextCursor: null };
  });

  serve(routes, startRollout, async ({ body: { asset, by: key, ...request } }) => {
    const slash = asset.indexOf("/");
    const [kind, name] = [asset.slice(0, slash), asset.slice(slash + 1)];
    const { id } = await rollouts.start({ ...request, kind, name, key, by: "local" });
    return showRollout(engine, id);
  });

  serve(routes, getRollout, ({ params }) => showRollout(engine, params.id));

  serve(routes, resizeRollout, async ({ params, body: { share } }) => {
    const { id } = await rollouts.resize(params.id, share, "local");
    return showRollout(engine, id);
  });

  serve(routes, promoteRollout, async ({ params, body: { reason = null } }) => {
    const { id } = await rollouts.promote(params.id, { by: "local", reason });
    return showRollout(engine, id);
  });

  serve(routes, rollBack, async ({ params, body: { reason } }) => {
    const { id } = await rollouts.rollBack(params.id, { by: "local", reason });
    return showRollout(engine, id);
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
