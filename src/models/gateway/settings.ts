import { z } from "zod";
import { nearestName } from "../../core/base/index.ts";
import { camelObject } from "../prompts/index.ts";
import { priceSettings } from "./money/prices.ts";
import { budgetProblems, budgetSettings } from "./money/settings.ts";
import { limitSettings, routeProblems, routeSettings } from "./route-settings.ts";
import { duration, share } from "./units.ts";

// The sections `providers` and `models` of flyball.yaml; `routes` is in `route-settings.ts`, `budgets` in
// `money/settings.ts`. Names (of providers, models, routes) are the user's and stay as written; the keys of each entry may be snake_case or camelCase.

const secretReference = /^\s*\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*$/;

/** Only a reference: a key written out would be pinned into every run's release and stay in the journal. */
const key = z
  .string()
  .regex(secretReference, 'expected a reference such as "{{ secrets.HOUSE_KEY }}", never the key itself')
  .transform((text) => secretReference.exec(text)?.[1] ?? "");

const url = z
  .url({ protocol: /^https?$/, error: "expected an http or https URL such as http://127.0.0.1:9000/v1" })
  .refine((text) => isWithoutCredentials(text), "expected a URL without a user name or password: give `key`");

function isWithoutCredentials(text: string): boolean {
  const parsed = URL.parse(text);
  return parsed === null || (parsed.username === "" && parsed.password === "");
}

const reserved = ["local", "sim"];
const provider = camelObject({
  type: z.enum(["openai", "anthropic", "google", "openai-compatible"]),
  url: url.exactOptional(),
  key: key.exactOptional(),
  structuredOutputs: z.boolean().exactOptional(),
  ...limitSettings,
});

/** Known without settings, under their own names: the key in the environment is enough. */
export const hosted = {
  openai: { url: "https://api.openai.com/v1", key: "OPENAI_API_KEY" },
  anthropic: { url: "https://api.anthropic.com/v1", key: "ANTHROPIC_API_KEY" },
  google: { url: "https://generativelanguage.googleapis.com/v1beta", key: "GOOGLE_API_KEY" },
} as const;

const latency = camelObject({ p50: duration, p95: duration }).refine(
  ({ p50, p95 }) => p95 >= p50,
  "expected a p95 that is at least the p50",
);

const simulated = {
  latency: latency.exactOptional(),
  errorRate: share.exactOptional(),
  quality: share.exactOptional(),
};
/** All that any provider's models may declare; `gatewayProblems` says what does not belong together. */
const model = camelObject({
  provider: z.string().min(1),
  name: z.string().min(1).exactOptional(),
  type: z.enum(["classifier", "extractive", "lexical"]).exactOptional(),
  file: z.string().min(1).exactOptional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of the file, as 64 hexadecimal digits")
    .exactOptional(),
  price: priceSettings.exactOptional(),
  maxOutputTokens: z.int().positive().exactOptional(),
  ...simulated,
  seed: z.int().nonnegative().exactOptional(),
  labels: z.array(z.json()).min(1).exactOptional(),
  changes: z.array(camelObject({ atCall: z.int().positive(), ...simulated })).exactOptional(),
  ...limitSettings,
});

/** Spread the shape into the schema of flyball.yaml, or use it by itself. */
export const gatewaySettings = z.object({
  providers: z.record(z.string(), provider).default({}),
  models: z.record(z.string(), model).default({}),
  routes: z.record(z.string(), routeSettings).default({}),
  budgets: budgetSettings,
});
export type GatewaySettings = z.output<typeof gatewaySettings>;
export type ModelSettings = GatewaySettings["models"][string];
export type ProviderSettings = GatewaySettings["providers"][string];

/** The providers of the settings, and those that need none. */
export function providersOf({ providers }: GatewaySettings): Readonly<Record<string, ProviderSettings>> {
  return {
    openai: { type: "openai" },
    anthropic: { type: "anthropic" },
    google: { type: "google" },
    ...providers,
  };
}

export interface SettingsProblem {
  /** Where in flyball.yaml. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * What the schemas cannot see: names that lead nowhere, and fields that do not belong together. A route may name a
 * model that is there without the settings.
 */
export function gatewayProblems(
  settings: GatewaySettings,
  isElsewhere: (model: string) => boolean = () => false,
): readonly SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const unknown = (name: string) =>
    isKnownModel(settings, name) || isElsewhere(name) ? undefined : unknownModel(settings, name);
  for (const [name, entry] of Object.entries(settings.providers))
    for (const [field, message] of providerProblems(name, entry))
      problems.push({ path: ["providers", name, ...field], message });
  for (const [name, entry] of Object.entries(settings.models))
    for (const [field, message] of modelProblems(name, entry, settings))
      problems.push({ path: ["models", name, ...field], message });
  for (const [name, entry] of Object.entries(settings.routes))
    for (const [path, message] of routeProblems(entry, unknown))
      problems.push({ path: ["routes", name, ...path], message });
  const targets = {
    names: [...Object.keys(settings.routes), ...Object.keys(settings.models)],
    isKnown: (name: string) => Object.hasOwn(settings.routes, name) || isKnownModel(settings, name),
  };
  return [...problems, ...budgetProblems(settings.budgets, targets)];
}

function providerProblems(name: string, entry: ProviderSettings): [string[], string][] {
  const problems: [string[], string][] = [];
  if (reserved.includes(name) || name.includes("/"))
    problems.push([[], `a provider cannot be called ${name}`]);
  if (entry.type === "openai-compatible" && entry.url === undefined)
    problems.push([["url"], "expected the server's URL, such as http://127.0.0.1:9000/v1"]);
  if (entry.type !== "openai-compatible" && entry.structuredOutputs !== undefined)
    problems.push([["structured_outputs"], "only providers of type openai-compatible have this"]);
  return problems;
}

const simulatedOnly = ["latency", "errorRate", "quality", "seed", "labels", "changes"] as const;

function modelProblems(name: string, entry: ModelSettings, settings: GatewaySettings): [string[], string][] {
  const problems: [string[], string][] = [];
  if (name.includes("/"))
    problems.push([[], "a model's name has no `/`: `provider/name` names one without settings"]);
  const known = [...Object.keys(providersOf(settings)), ...reserved];
  if (!known.includes(entry.provider)) {
    const hint = nearestName(entry.provider, known);
    problems.push([
      ["provider"],
      `unknown provider${hint ? `; did you mean ${hint}?` : `; expected ${known.join(", ")}`}`,
    ]);
    return problems;
  }
  const isLocal = entry.provider === "local";
  if (isLocal && entry.type === undefined)
    problems.push([["type"], "a local model needs `type: classifier`, `extractive` or `lexical`"]);
  if (entry.type === "classifier" && entry.file === undefined)
    problems.push([["file"], "a classifier needs `file`"]);
  for (const field of ["type", "file", "sha256"] as const)
    if (!isLocal && entry[field] !== undefined)
      problems.push([[field], `only local models have \`${field}\``]);
  for (const field of Object.keys(limitSettings))
    if (isLocal && field in entry)
      problems.push([[field], "a local model runs here, without a limit: it has no `rate` and no `region`"]);
  if (entry.provider !== "sim")
    for (const field of simulatedOnly)
      if (entry[field] !== undefined) problems.push([[field], "only models of provider `sim` have this"]);
  const isNamed = !isLocal && entry.provider !== "sim";
  if (isNamed && entry.name === undefined)
    problems.push([["name"], "expected the model's name at its provider"]);
  return problems;
}

/** Local models that need no entry, as they need no file. */
export const bareLocals: readonly string[] = ["local/extractive", "local/lexical"];

/**
 * Whether a name leads to a model: one of the settings, or `provider/name`, where the provider is
 * configured, or is `local` or `sim` and the settings have that model of it.
 */
export function isKnownModel(settings: GatewaySettings, name: string): boolean {
  if (Object.hasOwn(settings.models, name)) return true;
  const [providerName = "", model = ""] = splitModelName(name);
  if (model === "") return false;
  if (bareLocals.includes(name)) return true;
  if (reserved.includes(providerName)) return settings.models[model]?.provider === providerName;
  return Object.hasOwn(providersOf(settings), providerName);
}

export function splitModelName(name: string): readonly [provider: string, model: string] | readonly [] {
  const at = name.indexOf("/");
  return at <= 0 ? [] : [name.slice(0, at), name.slice(at + 1)];
}

function unknownModel(settings: GatewaySettings, name: string): string {
  const hint = nearestName(name, [...Object.keys(settings.models), ...bareLocals]);
  return `unknown model ${JSON.stringify(name)}${hint ? `; did you mean ${hint}?` : ""}; expected a name under \`models\` or \`provider/name\``;
}
