/**
 * The process that users' code runs in. It imports one module and does what the engine asks, many runs at
 * once; when the engine goes, it goes. Started by `host-process.ts` and by nothing else.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { assert, messageOf, sha256 } from "../../core/base/index.ts";
import { type Flow, isFlow } from "../../core/executor/index.ts";
import type { KindRegistry } from "../../core/workflow/index.ts";
import { HostedFlow, thrownRecord } from "./hosted-flow.ts";
import { kindStubs } from "./kind-stubs.ts";
import type { FromHost, ToHost } from "./protocol.ts";

class Host {
  readonly #flow: Flow;
  readonly #kinds: KindRegistry;
  readonly #runs = new Map<string, HostedFlow>();
  readonly #underWay = new Map<number, AbortController>();

  constructor(code: Flow, kinds: KindRegistry) {
    this.#flow = code;
    this.#kinds = kinds;
  }

  take(message: ToHost): void {
    switch (message.type) {
      case "tell":
        return this.#answer(message.id, async () => ({
          type: "turn",
          id: message.id,
          turn: await this.#tell(message),
        }));
      case "execute":
        return this.#answer(message.id, async (signal) => {
          const value = await this.#known(message.run).execute(message.piece, signal);
          return { type: "value", id: message.id, value };
        });
      case "abort":
        return this.#underWay.get(message.id)?.abort(message.reason);
      case "close":
        return void this.#runs.delete(message.run);
      case "ping":
        return say({ type: "pong" });
    }
  }

  #answer(id: number, work: (signal: AbortSignal) => Promise<FromHost>): void {
    const controller = new AbortController();
    this.#underWay.set(id, controller);
    work(controller.signal)
      .catch((error): FromHost => ({ type: "error", id, error: thrownRecord(error) }))
      .then((answer) => {
        this.#underWay.delete(id);
        say(answer);
      });
  }

  #tell({ run, open, told }: Extract<ToHost, { type: "tell" }>) {
    if (open) this.#runs.set(run, new HostedFlow(this.#flow, this.#kinds, { id: run, ...open }));
    return this.#known(run).tell(told);
  }

  #known(run: string): HostedFlow {
    const flow = this.#runs.get(run);
    assert(flow, `run ${run} is not open in this host`);
    return flow;
  }
}

function say(message: FromHost): void {
  process.send?.(message);
}

async function load(message: Extract<ToHost, { type: "load" }>): Promise<Host | undefined> {
  try {
    const source = sha256(readFileSync(message.module, "utf8"));
    const module: { default?: unknown } = await import(pathToFileURL(message.module).href);
    if (!isFlow(module.default)) {
      say({ type: "unusable", reason: "its default export is no flow; expected `export default flow(…)`" });
      return undefined;
    }
    const { name, version, uses } = module.default;
    say({ type: "loaded", module: { name, version, uses, source } });
    return new Host(module.default, kindStubs(message.kinds));
  } catch (error) {
    say({ type: "unusable", reason: messageOf(error) });
    return undefined;
  }
}

let host: Promise<Host | undefined> | undefined;
process.on("message", (message: ToHost) => {
  if (message.type === "load") host = load(message);
  else host?.then((loaded) => loaded?.take(message));
});
process.on("disconnect", () => process.exit(0));
