import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/core/base/index.ts";
import { below, type Fault, type FaultContext, type Measure, machineLoad, report, zero } from "./fault.ts";
import { type Payload, payloads } from "./odd-payloads.ts";
import { assertSound, recordedEvents } from "./record.ts";
import { type Serving, serve, sleep, stop } from "./serving.ts";

// Every odd payload goes through the API, a step, the journal and back. All of them together are as heavy
// as a server will ever see, one after the other without a pause; a small request in between must not wait.

const workflow = `workflow: echo
steps:
  - { id: given, transform: { value: "{{ input }}" } }
output: "{{ given.value }}"
`;

const scripts = `workflow: odd-values
input: { type: string }
steps:
  - id: made
    on_failure: fail
    script: { js: "({ nan: () => NaN, infinite: () => [1 / 0], date: () => new Date(0), big: () => 2n ** 60n, function: () => () => 1, own: () => ({ toJSON: () => 'own' }), none: () => undefined, minus: () => -0, cycle: () => { const a = []; a.push(a); return a; } })[input.what]()", input: { what: "{{ input }}" } }
output: "{{ made.value }}"
`;

/** What a script may give that JSON has no word for: an error, or what the author of the value says it is. */
const scriptValues: readonly (readonly [what: string, json: string])[] = [
  ["nan", "an error"],
  ["infinite", "an error"],
  ["date", '"1970-01-01T00:00:00.000Z"'],
  ["big", "an error"],
  ["function", "an error"],
  ["own", '"own"'],
  ["none", "null"],
  ["minus", "0"],
  ["cycle", "an error"],
];

export const fault: Fault = {
  id: "R26",
  title: "payloads that are big or odd, through the API, a step and the journal",
  promise: "G14",
  async run(context) {
    writeFileSync(join(context.scratch, "echo.yaml"), workflow);
    writeFileSync(join(context.scratch, "odd-values.yaml"), scripts);
    const delayFile = join(context.scratch, "delay.json");
    const server = await serve([".", "--port", "0"], {
      cwd: context.scratch,
      env: { LOOP_DELAY_FILE: delayFile },
      nodeArgs: ["--max-semi-space-size=32", "--import", join(import.meta.dirname, "preload-loop-delay.ts")],
    });
    try {
      return await measured(context, server, delayFile);
    } finally {
      server.child.kill("SIGKILL");
    }
  },
};

async function measured(
  context: FaultContext,
  server: Serving,
  delayFile: string,
): Promise<readonly Measure[]> {
  const loop = new Loop(server, delayFile);
  await loop.delays();
  const pings = new Pings(server.url);
  const wrong: string[] = [];
  const rounds = context.full ? 5 : 1;
  for (let round = 0; round < rounds; round++)
    for (const payload of payloads) {
      const problem = await send(server.url, payload);
      if (problem) wrong.push(`${payload.name}: ${problem}`);
      if (problem) context.progress(wrong.at(-1) ?? "");
    }
  const delays = await loop.delays();
  const slowest = await pings.stop();
  const silent = await changedByScripts(server.url);
  for (const change of silent) context.progress(change);
  await stop(server);
  await assertSound(context.scratch);
  return [
    zero(
      "payloads that came back changed, or were refused without a word",
      wrong.length,
      payloads.length * rounds,
    ),
    zero("payloads that the journal keeps otherwise", await keptOtherwise(context.scratch), payloads.length),
    zero("values of a script that were changed without a word", silent.length, scriptValues.length),
    context.full
      ? below("delay of the event loop, p99", delays.p99, { max: 100, unit: "ms", trials: delays.count })
      : report("delay of the event loop, p99", delays.p99, "ms"),
    report("delay of the event loop at its largest", delays.max, "ms"),
    below("processor time of the event loop between two looks, p99", delays.workedP99, {
      max: 100,
      unit: "ms",
      trials: delays.count,
    }),
    report("processor time between two looks at its largest", delays.workedMax, "ms"),
    machineLoad(),
    report("slowest answer to a small request in between", slowest, "ms"),
  ];
}

/** How late a server's event loop was, in milliseconds: by the clock, and in processor time of its thread. */
interface Delays {
  readonly count: number;
  readonly p99: number;
  readonly max: number;
  readonly workedP99: number;
  readonly workedMax: number;
}

/** The server's own look at its event loop. */
class Loop {
  readonly #server: Serving;
  readonly #file: string;
  constructor(server: Serving, file: string) {
    this.#server = server;
    this.#file = file;
  }
  async delays(): Promise<Delays> {
    rmSync(this.#file, { force: true });
    this.#server.child.kill("SIGUSR2");
    for (;;) {
      await sleep(20);
      try {
        return JSON.parse(readFileSync(this.#file, "utf8"));
      } catch {
        // Not there yet, or not whole.
      }
    }
  }
}

/** Why a payload was not taken as it should be; undefined when it was. */
async function send(url: string, payload: Payload): Promise<string | undefined> {
  const { body, chunked, refused } = payload;
  const response = await fetch(`${url}/v1/workflows/echo/runs?wait=60s`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: chunked && typeof body === "string" ? inChunks(body) : body,
    duplex: "half",
  });
  const answer = (await response.json()) as Answer;
  if (refused) {
    const isDocument = response.headers.get("content-type") === "application/problem+json" && answer.detail;
    const isAsExpected = response.status === refused.status && answer.code === refused.code;
    return isAsExpected && isDocument ? undefined : `answered ${response.status} ${answer.code ?? ""}`;
  }
  if (answer.status !== "completed") return `${response.status} ${JSON.stringify(answer).slice(0, 300)}`;
  const sent = JSON.stringify(JSON.parse(String(body)).input);
  return [answer.output, answer.input].every((back) => JSON.stringify(back) === sent)
    ? undefined
    : `it came back as ${JSON.stringify(answer.output).slice(0, 100)}`;
}

interface Answer {
  readonly status: string | number;
  readonly code?: string;
  readonly detail?: string;
  readonly input?: unknown;
  readonly output?: unknown;
}

function inChunks(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(sent, sent + 64 * 1_024));
      sent += 64 * 1_024;
    },
  });
}

/** Inputs and outputs of the journal that are none of those that were sent. */
async function keptOtherwise(folder: string): Promise<number> {
  const taken = payloads.filter(({ refused }) => !refused);
  const sent = new Set(taken.map(({ body }) => JSON.stringify(JSON.parse(String(body)).input)));
  const kept = (await recordedEvents(folder)).flatMap(({ stream, type, data }) => {
    const {
      workflow: name,
      input,
      output,
    } = { ...data } as { workflow?: string; input?: unknown; output?: unknown };
    if (!stream.startsWith("run/") || name === "odd-values") return [];
    return type === "run.started" ? [input] : type === "run.completed" ? [output] : [];
  });
  const values = new Set(kept.map((value) => JSON.stringify(value)));
  const scripts = new Set(scriptValues.map(([, json]) => json));
  return (
    [...values].filter((text) => !sent.has(text) && !scripts.has(text)).length +
    [...sent].filter((text) => !values.has(text)).length
  );
}

/** Scripts whose value became another without an error. */
async function changedByScripts(url: string): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [what, json] of scriptValues) {
    const response = await fetch(`${url}/v1/workflows/odd-values/runs?wait=60s`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: what }),
    });
    const { status, output } = (await response.json()) as Answer;
    if ((status === "completed" ? JSON.stringify(output) : "an error") !== json)
      changed.push(`${what}: ${status} ${JSON.stringify(output)}`);
  }
  return changed;
}

/** Asks for the server's health again and again, and remembers how long the slowest answer took. */
class Pings {
  readonly #done: Promise<void>;
  #isOver = false;
  #slowestMs = 0;

  constructor(url: string) {
    this.#done = this.#ask(`${url}/healthz`);
  }

  async #ask(url: string): Promise<void> {
    while (!this.#isOver) {
      const beganMs = systemClock.monotonic();
      await (await fetch(url)).arrayBuffer();
      this.#slowestMs = Math.max(this.#slowestMs, systemClock.monotonic() - beganMs);
      await sleep(10);
    }
  }

  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#done;
    return Math.round(this.#slowestMs);
  }
}
