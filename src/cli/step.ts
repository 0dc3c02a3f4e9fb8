import type { Json, JsonObject } from "../core/base/index.ts";
import { type Api, json } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, oneLine, print, printJson, table } from "./io.ts";
import { messagesText, type ShownMessage } from "./messages.ts";

/** What ran at one step, as the API tells it. */
interface ShownStep {
  readonly runId: string;
  readonly path: string;
  readonly kind: string | null;
  readonly status: string;
  readonly prompt: readonly ShownMessage[] | null;
  readonly input: JsonObject | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly parameters: JsonObject | null;
  readonly versions: Readonly<Record<string, ShownVersion>>;
  readonly tokens: Readonly<Record<string, number>> | null;
  readonly cost: number | null;
  readonly attempts: number;
  readonly failures: readonly { attempt: number; at: string; error: { code: string; message: string } }[];
  readonly requests: number | null;
  readonly cache: string | null;
  readonly route: { readonly chosen: string; readonly reason: string } | null;
  readonly result: { readonly value?: Json; readonly confidence?: Json; readonly simulated?: Json } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly erased: string | null;
}

/** A price has no name of its own: its day and digest are its version. */
type ShownVersion = string | { name: string; digest: string; variant?: string; reason?: string };

function versionText(version: ShownVersion): string {
  if (typeof version === "string") return version;
  const { name, digest, variant, reason } = version;
  return `${name} ${digest.slice(0, 12)}${variant ? `, variant ${variant}: ${reason}` : ""}`;
}

export async function showStep(
  api: Api,
  run: string,
  path: string,
  options: CommonOptions,
): Promise<ExitCode> {
  const address = `/v1/runs/${encodeURIComponent(run)}/steps/${encodeURIComponent(path)}`;
  const step = await json<ShownStep>(await api.request("GET", address));
  if (options.json) printJson(step);
  else print(describeStep(step));
  return exit.done;
}

function describeStep(step: ShownStep): string {
  const { model, provider, parameters, route, result, error } = step;
  const simulated = result?.simulated === true ? " (simulated)" : "";
  const facts = [
    ["run", step.runId],
    ["step", `${step.path}: ${step.kind ?? "block"}, ${step.status}`],
    ...(model ? [["model", `${provider}/${model}${simulated}`]] : []),
    ...(route ? [["route", `${route.chosen}: ${oneLine(route.reason, 200)}`]] : []),
    ...(parameters && Object.keys(parameters).length > 0
      ? [["parameters", oneLine(JSON.stringify(parameters), 200)]]
      : []),
    ...Object.entries(step.versions).map(([kind, version]) => [kind, versionText(version)]),
    ...(step.tokens ? [["tokens", countsText(step.tokens)]] : []),
    ...(step.cost === null ? [] : [["cost", `$${step.cost}`]]),
    ["attempts", String(step.attempts) + (step.requests === null ? "" : `, ${step.requests} requests`)],
    ...step.failures.map((failure) => [
      "failed",
      `attempt ${failure.attempt}, ${failure.at}: ${failure.error.code}: ${oneLine(failure.error.message, 200)}`,
    ]),
    ...(step.cache ? [["cache", step.cache]] : []),
    ...(error ? [["error", `${error.code}: ${oneLine(error.message, 200)}`]] : []),
    ...(step.erased ? [["not kept", `what it saw and answered; the hash ${step.erased} remains`]] : []),
    ...(result && !step.erased ? [["result", oneLine(JSON.stringify(result.value ?? null), 400)]] : []),
  ];
  const asked = step.prompt
    ? messagesText(step.prompt)
    : step.input
      ? `input\n${JSON.stringify(step.input)}`
      : "";
  return asked ? `${table(facts)}\n\n${asked}` : table(facts);
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([part, count]) => `${count} ${part}`)
    .join(", ");
}
