/**
 * code: users' code in processes of its own.
 *
 * What: flows that are modules, and kinds of step that a project brings along, each version in a host
 * process that imports it. Of a flow the engine keeps the history, and tells it again to the next process
 * when one has ended; of a kind it keeps the sources, so that a run goes on with those it began with.
 * Owns: host processes; which version of a flow is run by which module; what runs pin of an own kind.
 * Promises: users' code cannot end, block or fill the engine's process, and sees nothing of its
 * environment but what it is given; a step ends within its time limit, whatever its code does; a crash
 * fails only what was under way in that process, and who may have caused it is alone until it gets on.
 * Read first: `host-process.ts` (H1 to H3), then `remote-flow.ts` and `own-kinds.ts`; `host.ts` is the
 * other side.
 */
import { assert, type Clock } from "../../core/base/index.ts";
import { type FlowDefinition, type Program, ReleaseMissing } from "../../core/executor/index.ts";
import type { Asset, KindRegistry, StepKind } from "../../core/workflow/index.ts";
import { memoryWatch } from "../processes/index.ts";
import { CodeModule } from "./code-module.ts";
import { type HostOptions, HostProcess } from "./host-process.ts";
import { HostStarter } from "./host-starter.ts";
import { type HostLimits, hostLimits } from "./limits.ts";
import { type KindFile, OwnKinds } from "./own-kinds.ts";
import type { FlowFacts, RunToOpen } from "./protocol.ts";
import { RemoteFlow } from "./remote-flow.ts";

export * from "./errors.ts";
export type { HostLimits } from "./limits.ts";
export type { KindFile } from "./own-kinds.ts";
export type { FlowFacts } from "./protocol.ts";

export interface CodeOptions {
  readonly clock: Clock;
  readonly kinds: KindRegistry;
  readonly limits?: Partial<HostLimits>;
  /** A folder that keeps where the projects of own kinds are. */
  readonly placesFolder: string;
  /** What users' code writes to its standard output and error. */
  onOutput(text: string): void;
}

export interface FlowOptions {
  /** The environment variables that it may see. */
  readonly environment: readonly string[];
  /** Its project's own kinds of step: it may call those that it uses. */
  readonly ownKinds: readonly StepKind[];
}

export interface Code {
  /** Imports a module whose default export is a flow. Its runs of that version use it from now on. */
  load(file: string, options: FlowOptions): Promise<FlowFacts>;
  /** Throws `ReleaseMissing` where no module of that version is loaded. */
  program(flow: Omit<FlowDefinition, "type">, run: { readonly id: string } & RunToOpen): Program;
  has(name: string, version: string): boolean;
  /** Imports a kind of step that a project brings along: what runs pin of it. Throws `CodeUnusable`. */
  loadKind(file: KindFile): Promise<Asset>;
  /** A pinned kind, ready to run. */
  kind(asset: Asset): StepKind;
  /** Ends every host. */
  close(): Promise<void>;
}

export function createCode(options: CodeOptions): Code {
  const { clock, kinds, onOutput, placesFolder } = options;
  const limits = { ...hostLimits, ...options.limits };
  const starter = new HostStarter(clock, limits);
  const memory = memoryWatch(clock);
  const host = (load: HostOptions["load"], environment: readonly string[]): HostOptions => ({
    load,
    environment: environmentOf(environment),
    clock,
    limits,
    memory,
    starter,
    onOutput,
  });
  const modules = new Set<CodeModule>();
  const byVersion = new Map<string, CodeModule>();
  const ownKinds = new OwnKinds({ placesFolder, host });
  return {
    async load(file, { environment, ownKinds: own }) {
      const load = {
        what: "flow",
        file,
        kinds: callsOutOf(kinds.values()),
        ownKinds: callsOutOf(own),
      } as const;
      const hostOptions = host(load, environment);
      const first = new HostProcess(hostOptions);
      const facts = await first.facts;
      assert(facts.what === "flow", "a host that was told to import a flow has imported one");
      const module = new CodeModule(hostOptions, first);
      modules.add(module);
      byVersion.set(`${facts.name}@${facts.version}`, module);
      return facts;
    },
    program({ name, version, kinds: callable }, run) {
      const module = byVersion.get(`${name}@${version}`);
      if (!module) throw new ReleaseMissing(`The code of flow ${name}, version ${version},`);
      return new RemoteFlow(module, callable, run);
    },
    has: (name, version) => byVersion.has(`${name}@${version}`),
    loadKind: (file) => ownKinds.load(file),
    kind: (asset) => ownKinds.kind(asset),
    async close() {
      starter.close();
      await Promise.all([...modules].map((module) => module.close()));
      await ownKinds.close();
    },
  };
}

function callsOutOf(kinds: Iterable<StepKind>): Readonly<Record<string, boolean>> {
  return Object.fromEntries([...kinds].map(({ name, callsOut }) => [name, callsOut]));
}

/** What any program needs to find its way, and what the settings name; the engine's keys are not among it. */
const ordinary = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "NODE_COMPILE_CACHE", "NODE_ENV"];

function environmentOf(named: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries([...ordinary, ...named].map((name) => [name, process.env[name]]));
}
