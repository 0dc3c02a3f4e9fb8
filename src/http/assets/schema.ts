import { z } from "zod";
import { operation } from "../operation.ts";
import { anyJson, jsonObject, list, message, moment, once, page, reason } from "../schema.ts";

const line = once(() =>
  z
    .object({
      kind: z.string(),
      name: z.string(),
      production: z.string().nullable(),
      labels: z.record(z.string(), z.string()),
      files: z.string().nullable(),
      rollout: z.string().nullable(),
      updatedAt: moment,
    })
    .meta({ id: "Asset" }),
);

const version = once(() =>
  z
    .object({
      digest: z.string(),
      source: z.string(),
      by: z.string(),
      message: z.string().nullable(),
      at: moment,
      labels: list(z.string()),
      approvals: list(z.object({ label: z.string(), by: z.string(), verified: z.boolean(), at: moment })),
    })
    .meta({ id: "AssetVersion" }),
);

const approval = once(() =>
  z
    .object({
      id: z.string(),
      line: z.string(),
      label: z.string(),
      digest: z.string(),
      approver: z.string(),
      verified: z.boolean(),
      approvedAt: z.int(),
    })
    .meta({ id: "Approval" }),
);

const target = z.string().min(1).max(100).describe("A label, `newest`, or the beginning of a digest.");

const written = z
  .strictObject({
    text: z.string().optional(),
    content: anyJson.optional(),
    file: z.string().min(1).max(500).optional(),
    message: z.string().max(2_000).optional(),
  })
  .refine(({ text, content }) => (text === undefined) !== (content === undefined), {
    error: "expected either `text`, as it stands in a file, or `content`, the same as JSON",
  });

export const listAssets = operation({
  id: "listAssets",
  method: "get",
  path: "/v1/assets",
  summary: "Every asset with its labels.",
  query: z.object({ kind: z.string().optional() }),
  answer: () => page(line()),
  tagged: "text",
});

export const pushAssets = operation({
  id: "pushAssets",
  method: "post",
  path: "/v1/assets/push",
  summary: "Takes the assets of a folder of this machine; on the local socket alone.",
  body: z.strictObject({
    folder: z.string().min(1),
    files: z.array(z.string().min(1)).max(10_000),
    draft: z.boolean().default(false),
    message: z.string().max(2_000).optional(),
  }),
  answer: () => z.unknown(),
});

export const getAsset = operation({
  id: "getAsset",
  method: "get",
  path: "/v1/assets/{kind}/{name}",
  summary: "An asset with its labels.",
  answer: line,
  tagged: "text",
});

export const putAsset = operation({
  id: "putAsset",
  method: "put",
  path: "/v1/assets/{kind}/{name}",
  summary: "Adds a version, checked like a file.",
  body: written,
  answer: line,
  tagged: "text",
  takesMatch: true,
  takesKey: "recorded",
});

export const listVersions = operation({
  id: "listVersions",
  method: "get",
  path: "/v1/assets/{kind}/{name}/versions",
  summary: "The versions of an asset, newest first.",
  answer: () => page(version()),
  tagged: "text",
});

export const getVersion = operation({
  id: "getVersion",
  method: "get",
  path: "/v1/assets/{kind}/{name}/versions/{version}",
  summary: "A version with its text and content.",
  answer: () =>
    version()
      .partial()
      .extend({ content: anyJson, text: z.string(), file: z.string().nullable() })
      .meta({ id: "AssetText" }),
  tagged: "text",
});

export const diffVersions = operation({
  id: "diffVersions",
  method: "get",
  path: "/v1/assets/{kind}/{name}/diff",
  summary: "A unified diff of two versions.",
  query: z.object({ from: z.string().min(1).default("production"), to: z.string().min(1) }),
  answer: () => z.object({ from: z.string(), to: z.string(), diff: z.string() }),
});

export const assetHistory = operation({
  id: "assetHistory",
  method: "get",
  path: "/v1/assets/{kind}/{name}/history",
  summary: "What happened to an asset.",
  answer: () =>
    page(z.looseObject({ type: z.string(), at: moment, actor: z.string() }).meta({ id: "AssetEvent" })),
  tagged: "text",
});

export const moveLabel = operation({
  id: "moveLabel",
  method: "put",
  path: "/v1/assets/{kind}/{name}/labels/{label}",
  summary: "Moves a label to a version.",
  body: z.strictObject({ to: target, reason }),
  answer: line,
  tagged: "text",
  takesMatch: true,
  takesKey: "recorded",
});

export const removeLabel = operation({
  id: "removeLabel",
  method: "delete",
  path: "/v1/assets/{kind}/{name}/labels/{label}",
  summary: "Takes a label off.",
  body: z.strictObject({ reason }),
  answer: line,
  tagged: "text",
  takesMatch: true,
  takesKey: "recorded",
});

export const approveLabel = operation({
  id: "approveLabel",
  method: "post",
  path: "/v1/assets/{kind}/{name}/labels/{label}/approvals",
  summary: "Approves a version for a label.",
  body: z.strictObject({
    to: target,
    by: z.string().min(1).max(200).default("local"),
    comment: z.string().max(10_000).optional(),
  }),
  answer: () => z.object({ digest: z.string(), approvals: list(approval()) }),
  takesKey: "recorded",
});

export const checkAsset = operation({
  id: "checkAsset",
  method: "post",
  path: "/v1/assets/{kind}/{name}/check",
  summary: "Whether a version would be taken: checked like a file, and not kept.",
  body: written,
  answer: () => z.object({ digest: z.string() }),
});

export const renderAsset = operation({
  id: "renderPrompt",
  method: "post",
  path: "/v1/assets/prompt/{name}/render",
  summary: "The messages of a version of a prompt, for an input.",
  body: z.strictObject({
    version: z.string().min(1).max(100).default("production"),
    input: jsonObject,
    tags: z.record(z.string().max(100), z.string().max(200)).optional(),
  }),
  answer: () =>
    z
      .object({
        digest: z.string(),
        messages: list(message()),
        variant: z.object({ name: z.string(), reason: z.string() }),
      })
      .meta({ id: "RenderedPrompt" }),
});
