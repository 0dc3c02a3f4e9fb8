import { type Context, Hono } from "hono";
import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/base/index.ts";
import { AssetNotFound, lineId } from "../../core/registry/index.ts";
import type { Engine } from "../../engine.ts";
import { renderPrompt } from "../../models/prompts/index.ts";
import { anyJson, bodyOf, queryOf } from "../problem.ts";
import { presentEvent, presentLine, presentVersion } from "./present.ts";
import { textDiff, textOf, writtenOf } from "./text.ts";

const listQuery = z.object({ kind: z.string().optional() });
const diffQuery = z.object({ from: z.string().min(1).default("production"), to: z.string().min(1) });
const putBody = z
  .strictObject({
    text: z.string().optional(),
    content: anyJson.optional(),
    file: z.string().min(1).max(500).optional(),
    message: z.string().max(2_000).optional(),
  })
  .refine(({ text, content }) => (text === undefined) !== (content === undefined), {
    error: "expected either `text`, as it stands in a file, or `content`, the same as JSON",
  });
const labelBody = z.strictObject({
  to: z.string().min(1).max(100),
  reason: z.string().max(2_000).optional(),
});
const unlabelBody = z.strictObject({ reason: z.string().max(2_000).optional() });
const approvalBody = z.strictObject({
  to: z.string().min(1).max(100),
  by: z.string().min(1).max(200).default("local"),
  comment: z.string().max(10_000).optional(),
});
const renderBody = z.strictObject({
  version: z.string().min(1).max(100).default("production"),
  input: z.custom<JsonObject>((value) => isJsonObject(value), "expected an object: the prompt's variables"),
  tags: z.record(z.string().max(100), z.string().max(200)).optional(),
});
const pushBody = z.strictObject({
  folder: z.string().min(1),
  files: z.array(z.string().min(1)).max(10_000),
  draft: z.boolean().default(false),
  message: z.string().max(2_000).optional(),
});

/** `/v1/assets`: every asset with its versions and labels; adding versions, moving and approving labels. */
export function assetRoutes(engine: Engine, isLocal: boolean): Hono {
  const routes = new Hono();
  const { registry } = engine;

  routes.get("/", (context) => {
    const { kind } = queryOf(context, listQuery);
    const lines = registry.store.lines().filter((line) => kind === undefined || line.kind === kind);
    return context.json({ items: lines.map((line) => presentLine(registry, line)), nextCursor: null });
  });

  // It reads files of this machine.
  if (isLocal)
    routes.post("/push", async (context) => {
      const { folder, files, message, draft: isDraft } = await bodyOf(context, pushBody);
      return context.json(await engine.intake.push(files, folder, { message, isDraft }));
    });

  routes.get("/:kind/:name", (context) => context.json(presentLine(registry, lineOf(engine, context))));

  routes.put("/:kind/:name", async (context) => {
    const { message, ...body } = await bodyOf(context, putBody);
    const { kind, name } = namesOf(context);
    await engine.add(writtenOf({ kind, name, ...body }), message);
    return context.json(presentLine(registry, lineOf(engine, context)));
  });

  routes.post("/:kind/:name/check", async (context) => {
    const { message: _, ...body } = await bodyOf(context, putBody);
    return context.json({ digest: engine.check(writtenOf({ ...namesOf(context), ...body })) });
  });

  routes.post("/prompt/:name/render", async (context) => {
    const { version, input, tags } = await bodyOf(context, renderBody);
    const line = lineId("prompt", param(context, "name"));
    const digest = registry.version(line, version);
    const content = await registry.contentOf(digest);
    const asset = { kind: "prompt", name: param(context, "name"), digest, content };
    return context.json({ digest, ...renderPrompt(asset, input, tags) });
  });

  routes.get("/:kind/:name/versions", (context) => {
    const line = lineOf(engine, context);
    const items = registry.store.versions(line.id).map((version) => presentVersion(registry, version));
    return context.json({ items: items.reverse(), nextCursor: null });
  });

  routes.get("/:kind/:name/versions/:version", async (context) => {
    const line = lineOf(engine, context);
    const digest = registry.version(line.id, param(context, "version"));
    const row = registry.store.version(line.id, digest);
    const written = await textOf(registry, line.id, digest);
    return context.json({
      ...(row ? presentVersion(registry, row) : {}),
      content: await registry.contentOf(digest),
      ...written,
    });
  });

  routes.get("/:kind/:name/diff", async (context) => {
    const query = queryOf(context, diffQuery);
    const { id } = lineOf(engine, context);
    const [from, to] = [registry.version(id, query.from), registry.version(id, query.to)];
    const texts = { from: await textOf(registry, id, from), to: await textOf(registry, id, to) };
    return context.json({
      from,
      to,
      diff: textDiff(id, { digest: from, ...texts.from }, { digest: to, ...texts.to }),
    });
  });

  routes.get("/:kind/:name/history", async (context) => {
    const { id } = lineOf(engine, context);
    return context.json({ items: (await registry.history(id)).map(presentEvent), nextCursor: null });
  });

  labelRoutes(engine, routes);
  return routes;
}

function labelRoutes(engine: Engine, routes: Hono): void {
  const { registry } = engine;
  const request = (context: Context) => ({
    line: lineOf(engine, context).id,
    label: param(context, "label"),
    by: "local",
  });

  routes.put("/:kind/:name/labels/:label", async (context) => {
    const { to, reason = null } = await bodyOf(context, labelBody);
    await registry.moveLabel({ ...request(context), to, reason });
    return context.json(presentLine(registry, lineOf(engine, context)));
  });

  routes.delete("/:kind/:name/labels/:label", async (context) => {
    const { reason = null } = await bodyOf(context, unlabelBody);
    await registry.removeLabel({ ...request(context), reason });
    return context.json(presentLine(registry, lineOf(engine, context)));
  });

  routes.post("/:kind/:name/labels/:label/approvals", async (context) => {
    const { to, by, comment = null } = await bodyOf(context, approvalBody);
    const digest = await registry.approveLabel({ ...request(context), to, by, comment });
    const approvals = registry.store.approvals(lineOf(engine, context).id);
    return context.json({ digest, approvals: approvals.filter((approval) => approval.digest === digest) });
  });
}

function param(context: Context, name: string): string {
  return context.req.param(name) ?? "";
}

function namesOf(context: Context) {
  return { kind: param(context, "kind"), name: param(context, "name") };
}

function lineOf({ registry }: Engine, context: Context) {
  const { kind, name } = namesOf(context);
  const id = lineId(kind, name);
  const line = registry.store.line(id);
  if (!line) throw new AssetNotFound(id);
  return line;
}
