import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Behaviour,
  type FaultyProvider,
  faultKinds,
  startFaultyProvider,
} from "../../src/models/gateway/testing/faulty-provider.ts";
import type { ToldRun } from "./drive-provider-runs.ts";
import type { Told } from "./drive-providers.ts";
import { startDriver } from "./driver.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// One provider for all: the name of the model that is asked for says how the answer fails. The gateway is in
// a process of its own, so that its memory is not the provider's. Then the engine asks it too, in runs.

type News = Told | { readonly heapKb: number };

export const fault: Fault = {
  id: "R18",
  title: "providers that fail in every way, in four protocols, streaming and not",
  promise: "G2 G14",
  async run(context) {
    const provider = await startFaultyProvider({ script: ({ model }) => behaviourOf(model) });
    try {
      return [...(await called(context, provider)), ...(await recorded(context, provider))];
    } finally {
      await provider.close();
    }
  },
};

const deadlineMs = (full: boolean) => (full ? 3_000 : 600);

/** A model of no fault is answered well, which shows that an answer would be noticed. */
function behaviourOf(model: string): Behaviour {
  const kind = faultKinds.find((name) => model.startsWith(`${name}.`));
  return kind ? { fault: kind } : {};
}

const isFaulty = ({ fault: kind }: Told) => kind !== "none";
const isAnswer = ({ outcome }: Told) => outcome === "answer";

/** Calls of the gateway, streaming and not. What depends on a quick machine is held only in full. */
async function called({ full, progress }: FaultContext, { urls }: FaultyProvider): Promise<Measure[]> {
  const args = [JSON.stringify(urls), full ? "6" : "2", String(deadlineMs(full))];
  const { ended } = startDriver<News>("drive-providers.ts", args, { nodeArgs: ["--expose-gc"] });
  const news = await ended;
  const calls = news.filter((one) => "fault" in one);
  const heapKb = news.flatMap((one) => ("heapKb" in one ? one.heapKb : []));
  for (const call of calls) if (isFaulty(call) !== call.isTyped) progress(JSON.stringify(call));
  const timing = [heardInPart(calls), timed(calls, deadlineMs(full))];
  const shown = full ? timing : timing.map(({ name, value, unit }) => report(name, value, unit));
  return [...outcomes(calls), ...shown, grown(heapKb)];
}

function outcomes(all: readonly Told[]): Measure[] {
  const calls = all.filter(isFaulty);
  const whole = all.filter((call) => !isFaulty(call));
  const kinds = new Set(calls.map(({ fault: kind }) => kind)).size;
  const asked = new Set(calls.map(({ fault: kind, model, stream }) => `${kind} ${model} ${stream}`)).size;
  return [
    { name: "kinds of fault", value: kinds, target: ">= 15", ok: kinds >= 15 },
    report("kinds, protocols, and streaming or not", asked),
    zero("broken answers taken for whole ones", calls.filter(isAnswer).length, calls.length),
    zero("calls without a typed error", calls.filter(({ isTyped }) => !isTyped).length, calls.length),
    zero(
      "for comparison, whole answers not taken",
      whole.length - whole.filter(isAnswer).length,
      whole.length,
    ),
  ];
}

function heardInPart(calls: readonly Told[]): Measure {
  const partial = calls.filter((call) => isFaulty(call) && call.heard > 0).length;
  return {
    name: "streams that were heard in part, then failed",
    value: partial,
    target: "> 0",
    ok: partial > 0,
  };
}

function timed(calls: readonly Told[], limitMs: number): Measure {
  const slowestMs = Math.max(...calls.filter(isFaulty).map(({ tookMs }) => tookMs));
  const beyondMs = Math.max(0, slowestMs - limitMs);
  return below("slowest call, beyond its deadline", beyondMs, { max: 1_000, unit: "ms" });
}

function grown(heapKb: readonly number[]): Measure {
  const [first = Number.NaN, last = Number.NaN] = [heapKb[0], heapKb.at(-1)];
  const grownMb = Number(((last - first) / 1_024).toFixed(1));
  return below("heap after the last round, above the first", grownMb, { max: 5, unit: "MB" });
}

/** For each fault and protocol a workflow that asks once; `none` has time, for it shall not fail. */
function writeProject(folder: string, { urls }: FaultyProvider, limitMs: number): void {
  const types = {
    openai: "openai",
    anthropic: "anthropic",
    google: "google",
    house: "openai-compatible",
  } as const;
  const providers = Object.entries(types).map(([name, type]) => {
    const url = urls[type === "openai-compatible" ? "openai" : type];
    return `  ${name}: { type: ${type}, url: "${url}" }\n`;
  });
  const routes: string[] = [];
  mkdirSync(join(folder, "workflows"));
  for (const kind of ["none", ...faultKinds])
    for (const provider of Object.keys(types)) {
      const name = `${kind}_${provider}`;
      const timeout = kind === "none" ? "60s" : `${limitMs}ms`;
      routes.push(`  ${name}: { try: [${provider}/${kind}.model], timeout: ${timeout} }\n`);
      const step = `{ id: ask, on_failure: fail, retry: { attempts: 1 }, inference: { route: ${name}, prompt: { text: Hello } } }`;
      writeFileSync(join(folder, `workflows/${name}.yaml`), `workflow: ${name}\nsteps:\n  - ${step}\n`);
    }
  writeFileSync(join(folder, "flyball.yaml"), `providers:\n${providers.join("")}routes:\n${routes.join("")}`);
}

/** The same answers as results of steps. */
async function recorded({ full, scratch }: FaultContext, provider: FaultyProvider): Promise<Measure[]> {
  writeProject(scratch, provider, deadlineMs(full));
  const args = [join(scratch, ".flyball"), scratch];
  const runs = await startDriver<ToldRun>("drive-provider-runs.ts", args).ended;
  await assertSound(scratch);
  const whole = runs.filter(({ workflow }) => workflow.startsWith("none_"));
  const broken = runs.filter((run) => !whole.includes(run));
  return [
    zero(
      "runs that did not fail with their provider",
      broken.filter(({ status }) => status !== "failed").length,
      broken.length,
    ),
    zero("broken answers in the journal", broken.filter(({ results }) => results > 0).length, broken.length),
    zero(
      "for comparison, whole answers not in it",
      whole.filter(({ results }) => results !== 1).length,
      whole.length,
    ),
  ];
}
