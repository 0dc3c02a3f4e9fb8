import { type Context, Hono } from "hono";
import { AssetNotFound, lineId } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { renderPrompt } from "../../models/prompts/index.ts";
import { serve } from "../operation.ts";
import { checkMatch } from "../tags.ts";
import { ofLine, presentEvent, presentLine, presentVersion } from "./present.ts";
import {
  approveLabel,
  assetHistory,
  checkAsset,
  diffVersions,
  getAsset,
  getVersion,
  listAssets,
  listVersions,
  moveLabel,
  pushAssets,
  putAsset,
  removeLabel,
  renderAsset,
} from "./schema.ts";
import { textDiff, textOf, writtenOf } from "./text.ts";

/** `/v1/assets`: every asset with its versions and labels; adding versions, moving and approving labels. */
export function assetRoutes(engine: Engine, isLocal: boolean): Hono {
  const routes = new Hono();
  const { registry } = engine;

  serve(routes, listAssets, ({ query: { kind } }) => {
    const lines = registry.store.lines().filter((line) => kind === undefined || line.kind === kind);
    const labels = registry.store.labels();
    return { items: lines.map((line) => presentLine(registry, line, labels)), nextCursor: null };
  });

  // It reads files of this machine.
  if (isLocal)
    serve(routes, pushAssets, ({ body: { folder, files, message, draft: isDraft } }) =>
      engine.intake.push(files, folder, { message, isDraft }),
    );

  serve(routes, getAsset, ({ params }) => show(engine, params));

  serve(routes, putAsset, async ({ context, params, body: { message, ...written } }) => {
    const { kind, name } = params;
    await engine.add(writtenOf({ kind, name, ...written }), message, matching(engine, context, params));
    return show(engine, params);
  });

  serve(routes, checkAsset, ({ params, body: { message: _, ...written } }) => ({
    digest: engine.check(writtenOf({ kind: params.kind, name: params.name, ...written })),
  }));

  serve(routes, renderAsset, async ({ params: { name }, body: { version, input, tags } }) => {
    const digest = registry.version(lineId("prompt", name), version);
    const content = await registry.contentOf(digest);
    return { digest, ...renderPrompt({ kind: "prompt", name, digest, content }, input, tags) };
  });

  serve(routes, listVersions, ({ params }) => {
    const { id } = lineOf(engine, params);
    const known = ofLine(registry, id);
    const items = registry.store.versions(id).map((version) => presentVersion(version, known));
    return { items: items.reverse(), nextCursor: null };
  });

  serve(routes, getVersion, async ({ params }) => {
    const { id } = lineOf(engine, params);
    const digest = registry.version(id, params.version);
    const row = registry.store.version(id, digest);
    return {
      ...(row ? presentVersion(row, ofLine(registry, id)) : {}),
      content: await registry.contentOf(digest),
      ...(await textOf(registry, id, digest)),
    };
  });

  serve(routes, diffVersions, async ({ params, query }) => {
    const { id } = lineOf(engine, params);
    const [from, to] = [registry.version(id, query.from), registry.version(id, query.to)];
    const texts = { from: await textOf(registry, id, from), to: await textOf(registry, id, to) };
    const diff = textDiff(id, { digest: from, ...texts.from }, { digest: to, ...texts.to });
    return { from, to, diff };
  });

  serve(routes, assetHistory, async ({ params }) => {
    const { id } = lineOf(engine, params);
    return { items: (await registry.history(id)).map(presentEvent), nextCursor: null };
  });

  labelRoutes(engine, routes);
  return routes;
}

function labelRoutes(engine: Engine, routes: Hono): void {
  const { registry } = engine;
  const request = (params: Names & { readonly label: string }, context?: Context) => ({
    line: lineOf(engine, params).id,
    label: params.label,
    by: "local",
    precondition: context && matching(engine, context, params),
  });

  serve(routes, moveLabel, async ({ context, params, body: { to, reason = null } }) => {
    await registry.moveLabel({ ...request(params, context), to, reason });
    return show(engine, params);
  });

  serve(routes, removeLabel, async ({ context, params, body: { reason = null } }) => {
    await registry.removeLabel({ ...request(params, context), reason });
    return show(engine, params);
  });

  serve(routes, approveLabel, async ({ params, body: { to, by, comment = null } }) => {
    const digest = await registry.approveLabel({ ...request(params), to, by, comment });
    const approvals = registry.store.approvals(lineOf(engine, params).id);
    return { digest, approvals: approvals.filter((approval) => approval.digest === digest) };
  });
}

function show(engine: Engine, params: Names) {
  return presentLine(engine.registry, lineOf(engine, params));
}

/** Whether the asset is still what `If-Match` names. */
function matching({ registry }: Engine, context: Context, { kind, name }: Names): () => void {
  const id = lineId(kind, name);
  return () => {
    const line = registry.store.line(id);
    checkMatch(context, id, line && presentLine(registry, line));
  };
}

interface Names {
  readonly kind: string;
  readonly name: string;
}

function lineOf({ registry }: Engine, { kind, name }: Names) {
  const id = lineId(kind, name);
  const line = registry.store.line(id);
  if (!line) throw new AssetNotFound(id);
  return line;
}
