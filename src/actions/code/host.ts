/**
 * The process that users' code runs in. It imports one module and does what the engine asks, many runs at
 * once; when the engine goes, it goes. Started by `host-process.ts` and by nothing else.
 */
import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { pathToFileURL } from "node:url";
import { assert, messageOf, sha256 } from "../../core/base/index.ts";
import { type Flow, isFlow } from "../../core/executor/index.ts";
import { type KindRegistry, type OwnKind, ownKindFacts } from "../../core/workflow/index.ts";
import { HostedFlow, thrownRecord } from "./hosted-flow.ts";
import { callKind } from "./hosted-kind.ts";
import { kindStubs } from "./kind-stubs.ts";
import type { FlowToLoad, FromHost, KindToLoad, ModuleFacts, ToHost } from "./protocol.ts";
import { KeptSources, resolveFlyball } from "./sources.ts";

type Question = Extract<ToHost, { id: number }>;

/** What was imported, and answers. */
interface Guest {
  answer(question: Question, signal: AbortSignal): Promise<FromHost>;
  close(run: string): void;
}

class FlowGuest implements Guest {
  readonly #flow: Flow;
  readonly #kinds: KindRegistry;
  readonly #runs = new Map<string, HostedFlow>();

  constructor(code: Flow, kinds: KindRegistry) {
    this.#flow = code;
    this.#kinds = kinds;
  }

  async answer(question: Question, signal: AbortSignal): Promise<FromHost> {
    const { id } = question;
    if (question.type === "tell") return { type: "turn", id, turn: await this.#tell(question) };
    assert(question.type === "execute", "a flow is told, or executes a piece of its code");
    return { type: "value", id, value: await this.#known(question.run).execute(question.piece, signal) };
  }

  close(run: string): void {
    this.#runs.delete(run);
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

function kindGuest(kind: Pick<OwnKind, "execute" | "fields">): Guest {
  return {
    async answer(question, signal) {
      assert(question.type === "do", "a kind does steps");
      return { type: "result", id: question.id, result: await callKind(kind, question.call, signal) };
    },
    close: () => {},
  };
}

class Host {
  readonly #guest: Guest;
  readonly #underWay = new Map<number, AbortController>();

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  take(message: ToHost): void {
    switch (message.type) {
      case "tell":
      case "execute":
      case "do":
        return this.#answer(message);
      case "abort":
        return this.#underWay.get(message.id)?.abort(message.reason);
      case "close":
        return this.#guest.close(message.run);
      case "ping":
        return say({ type: "pong" });
    }
  }

  #answer(question: Question & { type: "tell" | "execute" | "do" }): void {
    const { id } = question;
    const controller = new AbortController();
    this.#underWay.set(id, controller);
    this.#guest
      .answer(question, controller.signal)
      .catch((error): FromHost => ({ type: "error", id, error: thrownRecord(error) }))
      .then((answer) => {
        this.#underWay.delete(id);
        say(answer);
      });
  }
}

function say(message: FromHost): void {
  process.send?.(message);
}

type Loaded = { readonly facts: ModuleFacts; readonly guest: Guest } | { readonly reason: string };

async function importFlow({ file, kinds, ownKinds }: FlowToLoad): Promise<Loaded> {
  const source = sha256(readFileSync(file, "utf8"));
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  if (!isFlow(module.default))
    return { reason: "its default export is no flow; expected `export default flow(…)`" };
  const { name, version, uses } = module.default;
  const used = Object.entries(ownKinds).filter(([kind]) => uses.includes(`kind/${kind}`));
  const guest = new FlowGuest(module.default, kindStubs({ ...kinds, ...Object.fromEntries(used) }));
  return { facts: { what: "flow", name, version, uses, source }, guest };
}

async function importKind({ file, folder, sources }: KindToLoad): Promise<Loaded> {
  const kept = new KeptSources(folder, sources);
  const module: { default?: OwnKind } = await import(kept.addressOf(file));
  const facts = ownKindFacts(module.default);
  if (typeof facts === "string" || !module.default) return { reason: String(facts) };
  const own = kept.seal();
  if (!Object.hasOwn(own, file)) return { reason: "it is a link, so its text would not be pinned" };
  return { facts: { what: "kind", ...facts, sources: own }, guest: kindGuest(module.default) };
}

async function load(message: Extract<ToHost, { type: "load" }>): Promise<Host | undefined> {
  try {
    const loaded = await (message.load.what === "flow" ? importFlow(message.load) : importKind(message.load));
    if ("reason" in loaded) {
      say({ type: "unusable", reason: loaded.reason });
      return undefined;
    }
    say({ type: "loaded", facts: loaded.facts });
    flushCompileCache();
    return new Host(loaded.guest);
  } catch (error) {
    say({ type: "unusable", reason: messageOf(error) });
    return undefined;
  }
}

let host: Promise<Host | undefined> | undefined;
resolveFlyball();
process.on("message", (message: ToHost) => {
  if (message.type === "load") host = load(message);
  else host?.then((loaded) => loaded?.take(message));
});
process.on("disconnect", () => process.exit(0));
