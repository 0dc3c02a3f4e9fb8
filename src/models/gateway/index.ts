/**
 * gateway: one call to a model.
 *
 * What: an `inference` step names a route or a model; the gateway asks the candidates in order, holds the
 * answer against its schema, and says what it cost.
 * Owns: the providers (OpenAI, Anthropic, Google, any OpenAI-compatible URL, `local/…`, `sim/…`), the settings `providers`, `models`
 * and `routes`, and what a run pins of them.
 * Promises: a model is one small function and each policy wraps it; `gateway.ts` shows their order. A call
 * ends: with an answer, or with a typed error that says whether trying again can help. No answer that was
 * cut or does not fit its schema counts as one, streamed or not. No secret is in an asset, a result or an
 * error. What is simulated says so in its result. No provider's package is loaded before it is asked.
 * Read first: `model.ts` (the contract), `gateway.ts` (the order), then `step.ts` and `providers/ai-sdk.ts`.
 */
export type { AnswerStore, KeptAnswer } from "./answers.ts";
export {
  type CallAnswer,
  type CallParts,
  type CallRequest,
  Calls,
  type CallsDeps,
  callVersion,
} from "./calls.ts";
export type { ModelContent } from "./content.ts";
export * from "./errors.ts";
export { createGateway, type FindAsset, type Gateway, type GatewayDeps } from "./gateway.ts";
export type { ModelHealth, RouteHealth } from "./health.ts";
export type {
  CallTrace,
  Model,
  ModelCall,
  ModelDelta,
  ModelReply,
  Policy,
  Tokens,
} from "./model.ts";
export { type Budget, limitOf } from "./money/budget.ts";
export { Ledger } from "./money/ledger.ts";
export { budgetFrom } from "./money/settings.ts";
export type {
  Extracted,
  ExtractRequest,
  ExtractSource,
  LocalClassifier,
  LocalModels,
} from "./providers/local.ts";
export { type RouteContent, referencesOf } from "./route-content.ts";
export { type GatewaySettings, gatewayProblems, gatewaySettings } from "./settings.ts";
export { type GatewaySource, gatewaySource } from "./source.ts";
export { unpackVector } from "./vectors.ts";
