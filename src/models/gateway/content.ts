import { z } from "zod";
import { priceContent } from "./money/prices.ts";

// What a run pins of models: settings with every name resolved and every unit in base units. Routes name
// their models (`route-content.ts`).

const modelLimit = z.strictObject({
  /** Counted for the model alone, or for all models of its provider together. */
  of: z.enum(["model", "provider"]),
  unit: z.enum(["calls", "tokens"]),
  limit: z.number().positive(),
  perMs: z.number().positive(),
});
export type ModelLimit = z.output<typeof modelLimit>;

/** What the policies around a remote model must know of it. */
const served = {
  price: priceContent.exactOptional(),
  /** The most that it writes in one answer. */
  maxOutputTokens: z.number().exactOptional(),
  /** Where its provider works on what it is sent. */
  region: z.string().exactOptional(),
  limits: z.array(modelLimit).min(1).exactOptional(),
};

const openaiCompatibleContent = z.strictObject({
  provider: z.string(),
  type: z.literal("openai-compatible"),
  model: z.string(),
  url: z.string(),
  /** The name of the secret, never its value. */
  keySecret: z.string().exactOptional(),
  /** Whether the server holds answers to a JSON Schema; otherwise the schema is told in words. */
  structuredOutputs: z.boolean(),
  ...served,
});

/** A provider whose protocol and address are its own. */
const hostedContent = z.strictObject({
  provider: z.string(),
  type: z.enum(["openai", "anthropic", "google"]),
  model: z.string(),
  url: z.string(),
  keySecret: z.string(),
  ...served,
});

const classifierContent = z.strictObject({
  provider: z.literal("local"),
  type: z.literal("classifier"),
  model: z.string(),
  file: z.string(),
  fileSha256: z.string(),
});

const extractiveContent = z.strictObject({
  provider: z.literal("local"),
  type: z.literal("extractive"),
  model: z.string(),
});

const lexicalContent = z.strictObject({
  provider: z.literal("local"),
  type: z.literal("lexical"),
  model: z.string(),
});

const simulatedChange = z.strictObject({
  /** From this call of the model on, counted from 1 in one engine. */
  atCall: z.number(),
  latency: z.strictObject({ p50Ms: z.number(), p95Ms: z.number() }).exactOptional(),
  errorRate: z.number().exactOptional(),
  quality: z.number().exactOptional(),
});

const simulatedContent = z.strictObject({
  provider: z.literal("sim"),
  type: z.literal("sim"),
  model: z.string(),
  latency: z.strictObject({ p50Ms: z.number(), p95Ms: z.number() }),
  errorRate: z.number(),
  quality: z.number(),
  seed: z.number(),
  labels: z.array(z.json()),
  changes: z.array(simulatedChange),
  ...served,
});

export const modelContent = z.discriminatedUnion("type", [
  openaiCompatibleContent,
  hostedContent,
  classifierContent,
  extractiveContent,
  lexicalContent,
  simulatedContent,
]);
export type ModelContent = z.output<typeof modelContent>;
/** What is asked over the network. */
export type OpenaiCompatibleContent = z.output<typeof openaiCompatibleContent>;
export type RemoteContent = OpenaiCompatibleContent | z.output<typeof hostedContent>;
export type ClassifierContent = z.output<typeof classifierContent>;
export type ExtractiveContent = z.output<typeof extractiveContent>;
export type LexicalContent = z.output<typeof lexicalContent>;
export type SimulatedContent = z.output<typeof simulatedContent>;

const remoteTypes = ["openai-compatible", ...hostedContent.shape.type.options];

export function isRemote(content: ModelContent): content is RemoteContent {
  return remoteTypes.includes(content.type);
}

/** What people call a model: `house/small-1`. */
export function modelName(content: ModelContent): string {
  return `${content.provider}/${content.model}`;
}
