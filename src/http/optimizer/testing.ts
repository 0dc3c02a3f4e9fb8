import type { World } from "../../loop/optimizer/testing.ts";
import { createApp } from "../app.ts";

// Workflows with one thing that could be better, or nothing, and a script that runs them through the API alone.

const labels = ["a", "b", "c", "d"];

interface SimulatedModel {
  readonly price: number;
  readonly quality: number;
  readonly seed: number;
  readonly p50Ms?: number;
  /** From this call on it is right in half of the cases. */
  readonly worseAtCall?: number;
}

function model({ price, quality, seed, p50Ms = 2, worseAtCall }: SimulatedModel): string {
  const changes = worseAtCall === undefined ? "" : `, changes: [{ at_call: ${worseAtCall}, quality: 0.5 }]`;
  return `{ provider: sim, price: { input: $${price}/M, output: $${price}/M }, latency: { p50: ${p50Ms}ms, p95: ${2 * p50Ms}ms }, quality: ${quality}, seed: ${seed}, labels: [${labels.join(", ")}]${changes} }`;
}

function settings(models: Readonly<Record<string, SimulatedModel>>): string {
  const lines = Object.entries(models).map(([name, simulated]) => `  ${name}: ${model(simulated)}`);
  return `models:\n${lines.join("\n")}\nroutes:\n  intent: { try: [large] }\n`;
}

const asks = (id: string, question: string) =>
  `  - id: ${id}\n    inference: { route: intent, prompt: { text: "${question}: {{ input.text }}" } }\n`;

const flow = (targets: string, steps: string) =>
  `workflow: flow\ninput: { type: object }\ntargets: { ${targets} }\nsteps:\n${steps}`;

const reviewed = (below: number) =>
  flow(
    "automated: 70%, accuracy: 90%",
    `${asks("intent", "Classify")}  - id: approval
    human_review: { draft: "{{ intent.value }}", confidence: "{{ intent.confidence }}", below: ${below} }
`,
  );

const plain = flow("accuracy: 90%", asks("intent", "Classify"));

/** What can be planted, and the kind of proposal that should come of it; null for none. */
export const scenarios = {
  "an over-cautious threshold": "change_threshold",
  "a large model where the small one agrees": "swap_model",
  "a needless sequence": "parallelize",
  "repeated sub-results": "add_cache",
  "a candidate good on the past and bad in the present": "swap_model",
  "nothing wrong: a good threshold, and a small model that is worse": null,
  "nothing wrong: people see what they must, and a middling model": null,
} as const;

export type Scenario = keyof typeof scenarios;

export function filesOf(scenario: Scenario, seed: number): Readonly<Record<string, string>> {
  const large = { price: 10, quality: 0.96, seed: 3 * seed };
  const small = { price: 1, quality: 0.96, seed: 3 * seed + 1 };
  switch (scenario) {
    case "an over-cautious threshold":
      return { "flyball.yaml": settings({ large }), "flow.yaml": reviewed(0.995) };
    case "a large model where the small one agrees":
      return { "flyball.yaml": settings({ large, small }), "flow.yaml": plain };
    case "a needless sequence": {
      const steps = `${asks("intent", "Classify")}${asks("tone", "Tone of")}`;
      return {
        "flyball.yaml": settings({ large: { ...large, p50Ms: 60 } }),
        "flow.yaml": flow("accuracy: 90%", steps),
      };
    }
    case "repeated sub-results":
      return { "flyball.yaml": settings({ large }), "flow.yaml": plain };
    case "a candidate good on the past and bad in the present":
      // The finding tries it 300 times; then comes the present.
      return {
        "flyball.yaml": settings({ large, small: { ...small, worseAtCall: 310 } }),
        "flow.yaml": plain,
      };
    case "nothing wrong: a good threshold, and a small model that is worse":
      return {
        "flyball.yaml": settings({ large, small: { ...small, quality: 0.8 } }),
        "flow.yaml": reviewed(0.7),
      };
    case "nothing wrong: people see what they must, and a middling model":
      return {
        "flyball.yaml": settings({ large: { ...large, quality: 0.9 }, small: { ...small, quality: 0.84 } }),
        "flow.yaml": reviewed(0.8),
      };
  }
}

interface Told {
  readonly id: string;
  readonly status: string;
  readonly draft: unknown;
  readonly kind: string;
  readonly stage: string;
  readonly reason: string;
  readonly maxShare: number;
  readonly share: number;
  readonly findings: readonly Told[];
  readonly proposals: readonly Told[];
  readonly items: readonly Told[];
  readonly comparison: null | {
    readonly runs: number;
    readonly savedUsdPerRun: { low: number; mid: number; high: number; realised: number; isInside: boolean };
  };
}

/** What the API answers to a script. */
export async function asked({ engine }: World, method: string, path: string, body?: object) {
  const app = createApp({ engine, isLocal: true });
  const headers = { "content-type": "application/json" };
  const answer = await app.request(path, {
    method,
    ...(body ? { headers, body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

const atOnce = 50;

/** A script that knows the API and nothing else. */
export class Script {
  readonly #world: World;
  readonly #scenario: Scenario;
  #runs = 0;

  constructor(world: World, scenario: Scenario) {
    this.#world = world;
    this.#scenario = scenario;
  }

  async ask(method: "GET" | "POST", path: string, body?: object): Promise<Told> {
    return (await asked(this.#world, method, path, body)).body;
  }

  /** So many messages, with the right answers; a person changes a draft only where it is wrong. */
  async runs(count: number): Promise<void> {
    for (let done = 0; done < count; done += atOnce) {
      await Promise.all(
        Array.from({ length: Math.min(atOnce, count - done) }, () => this.#run(this.#runs++)),
      );
      await this.#world.engine.optimizer.settled();
    }
  }

  async #run(n: number): Promise<void> {
    const text = `message ${this.#scenario === "repeated sub-results" ? n % 60 : n}`;
    // The same message has the same answer; chance draws anew whether the model is right.
    const expected = labels[(this.#scenario === "repeated sub-results" ? n % 60 : n) % labels.length];
    const { id, status } = await this.ask("POST", "/v1/workflows/flow/runs?wait=10s", {
      input: { text },
      expected,
    });
    if (status !== "waiting") return;
    const { items } = await this.ask("GET", `/v1/reviews?run=${id}&status=open`);
    for (const { id: review } of items) {
      const { draft } = await this.ask("GET", `/v1/reviews/${review}`);
      const decision =
        draft === expected ? { decision: "approve" } : { decision: "correct", value: expected };
      await this.ask("POST", `/v1/reviews/${review}/decision`, decision);
    }
  }

  cycle(): Promise<Told> {
    return this.ask("POST", "/v1/optimizer/cycles", { workflow: "flow" });
  }

  /** Begins the proof of a proposal, and runs traffic until it is over. */
  async proved(proposal: string): Promise<Told> {
    const { id } = await this.ask("POST", `/v1/proposals/${proposal}/experiments`);
    for (let round = 0; round < 60; round++) {
      await this.runs(50);
      const shown = await this.ask("GET", `/v1/experiments/${id}`);
      if (shown.stage === "promoted" || shown.stage === "rolledBack") return shown;
    }
    return this.ask("GET", `/v1/experiments/${id}`);
  }
}
