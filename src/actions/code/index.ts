/**
 * code: users' code in processes of its own.
 *
 * What: flows that are modules, each version in a host process that imports it; the engine keeps the
 * program's history and tells it again to the next process when one has ended.
 * Owns: host processes; which version of a flow is run by which module.
 * Promises: users' code cannot end, block or fill the engine's process, and sees nothing of its
 * environment but what it is given; a step ends within its time limit, whatever its code does; a crash
 * fails only what was under way in that process, and who may have caused it is alone until it gets on.
 * Read first: `host-process.ts` (H1 to H3), then `remote-flow.ts`; `host.ts` is the other side.
 */
import type { Clock } from "../../core/base/index.ts";
import { type Program, ReleaseMissing } from "../../core/executor/index.ts";
import type { KindRegistry } from "../../core/workflow/index.ts";
import { CodeModule } from "./code-module.ts";
import { type HostLimits, hostLimits } from "./limits.ts";
import type { ModuleFacts, RunToOpen } from "./protocol.ts";
import { RemoteFlow } from "./remote-flow.ts";

export * from "./errors.ts";
export type { HostLimits } from "./limits.ts";
export type { ModuleFacts } from "./protocol.ts";

export interface CodeOptions {
  readonly clock: Clock;
  readonly kinds: KindRegistry;
  readonly limits?: Partial<HostLimits>;
  /** What users' code writes to its standard output and error. */
  onOutput(text: string): void;
}

export interface Code {
  /** Imports a module whose default export is a flow. Its runs of that version use it from now on. */
  load(file: string, options?: { readonly environment?: readonly string[] }): Promise<ModuleFacts>;
  /** Throws `ReleaseMissing` where no module of that version is loaded. */
  program(flow: { name: string; version: string }, run: { readonly id: string } & RunToOpen): Program;
  has(name: string, version: string): boolean;
  /** Ends every host. */
  close(): Promise<void>;
}

export function createCode(options: CodeOptions): Code {
  const { clock, kinds, onOutput } = options;
  const modules = new Set<CodeModule>();
  const byVersion = new Map<string, CodeModule>();
  return {
    async load(file, { environment = [] } = {}) {
      const module = await CodeModule.load({
        module: file,
        kinds: Object.fromEntries([...kinds.values()].map(({ name, callsOut }) => [name, callsOut])),
        environment: environmentOf(environment),
        clock,
        limits: { ...hostLimits, ...options.limits },
        onOutput,
      });
      modules.add(module);
      const { name, version } = module.facts;
      byVersion.set(`${name}@${version}`, module);
      return module.facts;
    },
    program({ name, version }, run) {
      const module = byVersion.get(`${name}@${version}`);
      if (!module) throw new ReleaseMissing(`The code of flow ${name}, version ${version},`);
      return new RemoteFlow(module, kinds, run);
    },
    has: (name, version) => byVersion.has(`${name}@${version}`),
    async close() {
      await Promise.all([...modules].map((module) => module.close()));
    },
  };
}

/** What any program needs to find its way, and what the settings name; the engine's keys are not among it. */
const ordinary = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "NODE_COMPILE_CACHE", "NODE_ENV"];

function environmentOf(named: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries([...ordinary, ...named].map((name) => [name, process.env[name]]));
}
