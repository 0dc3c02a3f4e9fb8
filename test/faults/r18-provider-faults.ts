import {
  type Behaviour,
  faultKinds,
  startFaultyProvider,
} from "../../src/models/gateway/testing/faulty-provider.ts";
import type { Told } from "./drive-providers.ts";
import { startDriver } from "./driver.ts";
import { below, type Fault, type Measure, report, zero } from "./fault.ts";

// One provider for all: the name of the model that is asked for says how the answer fails. The gateway is in
// a process of its own, so that its memory is not the provider's.

type News = Told | { readonly heapKb: number };

export const fault: Fault = {
  id: "R18",
  title: "providers that fail in every way, in four protocols, streaming and not",
  promise: "G2 G14",
  async run({ full, progress }) {
    const deadlineMs = full ? 3_000 : 600;
    const provider = await startFaultyProvider({ script: ({ model }) => behaviourOf(model) });
    try {
      const args = [JSON.stringify(provider.urls), full ? "6" : "2", String(deadlineMs)];
      const { ended } = startDriver<News>("drive-providers.ts", args, { nodeArgs: ["--expose-gc"] });
      const news = await ended;
      const calls = news.filter((one) => "fault" in one);
      const heapKb = news.flatMap((one) => ("heapKb" in one ? one.heapKb : []));
      for (const call of calls) if (isFaulty(call) !== call.isTyped) progress(JSON.stringify(call));
      const timing = timed(calls, deadlineMs);
      return [...outcomes(calls), full ? timing : report(timing.name, timing.value, "ms"), grown(heapKb)];
    } finally {
      await provider.close();
    }
  },
};

/** A model of no fault is answered well, which shows that an answer would be noticed. */
function behaviourOf(model: string): Behaviour {
  const kind = faultKinds.find((name) => model.startsWith(`${name}.`));
  return kind ? { fault: kind } : {};
}

const isFaulty = ({ fault: kind }: Told) => kind !== "none";
const isAnswer = ({ outcome }: Told) => outcome === "answer";

function outcomes(all: readonly Told[]): Measure[] {
  const calls = all.filter(isFaulty);
  const whole = all.filter((call) => !isFaulty(call));
  const kinds = new Set(calls.map(({ fault: kind }) => kind)).size;
  const asked = new Set(calls.map(({ fault: kind, model, stream }) => `${kind} ${model} ${stream}`)).size;
  const partial = calls.filter(({ heard }) => heard > 0).length;
  return [
    { name: "kinds of fault", value: kinds, target: ">= 15", ok: kinds >= 15 },
    report("kinds, protocols, and streaming or not", asked),
    zero("broken answers taken for whole ones", calls.filter(isAnswer).length, calls.length),
    zero("calls without a typed error", calls.filter(({ isTyped }) => !isTyped).length, calls.length),
    { name: "streams that were heard in part, then failed", value: partial, target: "> 0", ok: partial > 0 },
    zero(
      "for comparison, whole answers not taken",
      whole.length - whole.filter(isAnswer).length,
      whole.length,
    ),
  ];
}

function timed(calls: readonly Told[], deadlineMs: number): Measure {
  const slowestMs = Math.max(...calls.filter(isFaulty).map(({ tookMs }) => tookMs));
  const beyondMs = Math.max(0, slowestMs - deadlineMs);
  return below("slowest call, beyond its deadline", beyondMs, { max: 1_000, unit: "ms" });
}

function grown(heapKb: readonly number[]): Measure {
  const [first = Number.NaN, last = Number.NaN] = [heapKb[0], heapKb.at(-1)];
  const grownMb = Number(((last - first) / 1_024).toFixed(1));
  return below("heap after the last round, above the first", grownMb, { max: 5, unit: "MB" });
}
