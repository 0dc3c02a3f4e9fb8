import type { Json, JsonObject } from "../base/index.ts";
import type { Arms, Release, Releases } from "../executor/index.ts";
import { armOf, isChosen, keyOf, type RunToCome } from "./assign.ts";
import type { Resolver } from "./resolve.ts";
import { type ArmChoice, type Choose, chooser, type RunningRollout, type Snapshot } from "./snapshot.ts";
import type { Arm } from "./store.ts";

/** What a new run gets. */
export interface Assignment {
  readonly release: Release;
  /** Absent: it is in no rollout. */
  readonly arms?: Arms;
  /** Runs that go beside it, each with what it differs in. */
  readonly shadows: readonly Shadow[];
}

export interface Shadow {
  readonly rollout: string;
  readonly release: Release;
  readonly arms: Arms;
}

/** How the runs of a workflow get their release, from one snapshot: no run can mix two of them. */
interface Plan {
  readonly line: string;
  readonly rollouts: readonly RunningRollout[];
  /** Releases that runs have got, by the arms that they are in. */
  readonly releases: Map<string, Release>;
  readonly publishing: Map<string, Promise<Release>>;
}

interface RunRequest {
  readonly input: Json;
  readonly tags?: JsonObject | undefined;
}

/**
 * Gives new runs their releases. Once a combination has been published, that is a look into two maps; the
 * plans hold for one snapshot, and go with it.
 */
export class Plans {
  readonly #snapshot: Snapshot;
  readonly #resolver: Resolver;
  readonly #releases: Releases;
  readonly #plans = new Map<string, Plan>();
  readonly #making = new Map<string, Promise<Plan>>();

  constructor(snapshot: Snapshot, resolver: Resolver, releases: Releases) {
    this.#snapshot = snapshot;
    this.#resolver = resolver;
    this.#releases = releases;
  }

  /** Undefined when that is not known without asking the journal, or depends on the run. */
  settled(line: string): Assignment | undefined {
    const plan = this.#plans.get(line);
    const release = plan?.rollouts.length === 0 ? plan.releases.get("") : undefined;
    return release && { release, shadows: [] };
  }

  async assign(line: string, id: string, { input, tags = {} }: RunRequest): Promise<Assignment> {
    const plan = this.#plans.get(line) ?? (await this.#plan(line));
    const run: RunToCome = { id, workflow: line.slice(line.indexOf("/") + 1), input, tags };
    const live = new Map<string, Arm>();
    const shadowed: RunningRollout[] = [];
    for (const rollout of plan.rollouts) {
      const key = keyOf(rollout.key, run);
      if (rollout.mode !== "shadow") live.set(rollout.id, armOf(rollout, key));
      else if (isChosen(rollout, key)) {
        live.set(rollout.id, "from");
        shadowed.push(rollout);
      }
    }
    const release = await this.#release(plan, live);
    const shadows: Shadow[] = [];
    for (const { id: rollout } of shadowed) {
      const choice: ArmChoice = new Map([...live, [rollout, "to"]]);
      // It is no sample of the other rollouts: what it does there, the run beside it does too.
      shadows.push({ rollout, release: await this.#release(plan, choice), arms: { [rollout]: "to" } });
    }
    return { release, shadows, ...(live.size === 0 ? {} : { arms: Object.fromEntries(live) }) };
  }

  async production(line: string): Promise<Release> {
    return this.#release(await this.#plan(line), new Map());
  }

  /** What a run would get, were these versions production: digests by line. */
  async instead(line: string, versions: ReadonlyMap<string, string>): Promise<Release> {
    const production = chooser(this.#snapshot, new Map());
    return this.#published(line, (named) => versions.get(named) ?? production(named));
  }

  async #published(line: string, choose: Choose): Promise<Release> {
    const { parts, children } = await this.#resolver.resolve(line, choose);
    for (const child of children) await this.#releases.publish(child);
    return this.#releases.publish(parts);
  }

  /** Many ask at once after a label has moved; one of them does the work. */
  #plan(line: string): Promise<Plan> {
    return once(this.#making, line, async () => {
      const rollouts = await this.#resolver.rolloutsOf(line, this.#snapshot);
      const plan = { line, rollouts, releases: new Map<string, Release>(), publishing: new Map() };
      this.#plans.set(line, plan);
      return plan;
    });
  }

  #release({ line, releases, publishing }: Plan, arms: ArmChoice): Promise<Release> | Release {
    const key = [...arms].flatMap(([rollout, arm]) => (arm === "to" ? [rollout] : [])).join();
    return (
      releases.get(key) ??
      once(publishing, key, async () => {
        const release = await this.#published(line, chooser(this.#snapshot, arms));
        releases.set(key, release);
        return release;
      })
    );
  }
}

/** What is under way already is waited for; what failed is tried again by the next one who asks. */
function once<T>(underWay: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const known = underWay.get(key);
  if (known) return known;
  const result = work().finally(() => underWay.delete(key));
  underWay.set(key, result);
  return result;
}
