import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { type BlockName, blockConfig, blockNames, isBlockName } from "./blocks.ts";
import type { KindDocument, StepDocument, WorkflowDocument } from "./definition.ts";
import { blockShapes, present, stepShape, workflowNamePattern, workflowShape } from "./fields.ts";
import { either, foundText } from "./findings.ts";
import { fit, fitMembers } from "./fit.ts";
import { type FlatForm, unflatten } from "./flat.ts";
import type { StepKind } from "./kind.ts";
import type { KindRegistry } from "./kinds.ts";
import { stepsMax } from "./limits.ts";
import type { Report } from "./report.ts";
import type { Source } from "./source.ts";
import { knownKey, type Path, plainJson } from "./spelling.ts";

/** Where the parts of a normalised step stand in the source. */
export interface Origin {
  readonly step: Path;
  readonly id: Path;
  readonly config: Path;
}

/** A document, not yet known to be right, and where each of its steps comes from. */
export interface Normalised {
  readonly document: WorkflowDocument;
  readonly origins: ReadonlyMap<StepDocument, Origin>;
  /** Steps whose config fits their kind. */
  readonly sound: ReadonlySet<StepDocument>;
}

type DocumentMembers = {
  readonly [K in Exclude<keyof WorkflowDocument, "workflow" | "steps" | "expiresMs" | "budgetUsd">]?:
    | WorkflowDocument[K]
    | undefined;
} & { readonly expires?: number | undefined; readonly budget?: number | undefined };

/** Any list of steps; each is held against the format on its own, so that one does not hide the others. */
const anySteps = z
  .array(z.custom<Json>(() => true))
  .min(1)
  .meta({ title: "a list of steps" });

/** What a user wrote, in either form and spelling, as a document in normal form. */
export function normalise(source: Source, kinds: KindRegistry, flat: FlatForm, report: Report): Normalised {
  const normaliser = new Normaliser(source, kinds, report);
  const { value } = source;
  if (!isJsonObject(value)) {
    const found = value === null ? "" : `, found ${foundText(value)}`;
    report.problem([], `expected a workflow: a mapping with \`workflow\` and \`steps\`${found}`);
    return normaliser.result({ workflow: "unnamed", steps: [] });
  }
  return normaliser.result(
    Array.isArray(value.workflow) ? normaliser.flat(value, flat) : normaliser.plain(value),
  );
}

class Normaliser {
  readonly #origins = new Map<StepDocument, Origin>();
  readonly #sound = new Set<StepDocument>();
  #stepCount = 0;
  readonly #source: Source;
  readonly #kinds: KindRegistry;
  readonly #report: Report;
  readonly #stepShape: typeof stepShape & Readonly<Record<string, z.ZodType>>;

  constructor(source: Source, kinds: KindRegistry, report: Report) {
    this.#source = source;
    this.#kinds = kinds;
    this.#report = report;
    const bodies = [...blockNames, ...kinds.keys()].map((name) => [name, z.unknown().optional()]);
    this.#stepShape = { ...stepShape, ...Object.fromEntries(bodies) };
  }

  result(document: WorkflowDocument): Normalised {
    return { document, origins: this.#origins, sound: this.#sound };
  }

  plain(value: JsonObject): WorkflowDocument {
    const data = this.#members({ ...workflowShape, steps: anySteps }, value, []);
    const steps = data.steps?.map((step, index) => this.#step(step, ["steps", index]));
    return this.#document(data, data.workflow ?? "unnamed", steps ?? []);
  }

  flat(value: JsonObject, flat: FlatForm): WorkflowDocument {
    const { workflow: name, ...members } = workflowShape;
    const data = this.#members({ ...members, workflow: anySteps, name: name.optional() }, value, []);
    const flatSteps = unflatten(data.workflow ?? [], {
      kinds: this.#kinds,
      flat,
      report: this.#report,
    });
    const steps = flatSteps.map((step, index) => {
      const path = ["workflow", index];
      return this.#step(step, path, { step: path, id: [...path, "name"], config: path });
    });
    return this.#document(data, data.name ?? nameOfFile(this.#source.file), steps);
  }

  #document(data: DocumentMembers, workflow: string, steps: readonly StepDocument[]): WorkflowDocument {
    const { description, input, targets, on, output, concurrency, rate, priority, expires } = data;
    const { degraded, capture, budget } = data;
    return present<WorkflowDocument>({
      workflow,
      description,
      input,
      targets,
      on,
      steps,
      output,
      concurrency,
      rate,
      priority,
      expiresMs: expires,
      degraded,
      capture,
      budgetUsd: budget,
    });
  }

  #members<S extends Readonly<Record<string, z.ZodType>>>(shape: S, value: JsonObject, path: Path) {
    const { data, findings } = fitMembers(shape, value, this.#source.spelling);
    for (const finding of findings) this.#report.finding(path, finding);
    return data;
  }

  #step(raw: Json, path: Path, origin?: Origin): StepDocument {
    this.#count(path);
    const key = isJsonObject(raw) ? this.#kindKey(raw, path, origin !== undefined) : undefined;
    const name = key === undefined ? undefined : knownKey(key, this.#stepShape);
    const from = origin ?? { step: path, id: [...path, "id"], config: key ? [...path, key] : path };
    const step = isJsonObject(raw) ? this.#stepFrom(raw, name, from) : this.#noStep(raw, path);
    this.#origins.set(step, from);
    return step;
  }

  /** Throws when there are too many: what is checked afterwards compares each step with each. */
  #count(path: Path): void {
    this.#stepCount += 1;
    if (this.#stepCount <= stepsMax) return;
    this.#report.problem(path, `a workflow has at most ${stepsMax} steps`);
    this.#report.throwIfAny();
  }

  #noStep(raw: Json, path: Path): StepDocument {
    this.#report.problem(path, `expected a step: a mapping with \`id\` and a kind, found ${foundText(raw)}`);
    return { id: "", kind: "", config: {} };
  }

  /** The key of the one kind or block that a step has, as written; undefined, with the reason reported, when it has not just one. */
  #kindKey(raw: JsonObject, path: Path, isFlat: boolean): string | undefined {
    const isKind = (name: string | undefined) => name !== undefined && !Object.hasOwn(stepShape, name);
    const written = Object.keys(raw);
    const [first, second] = written.filter((key) => isKind(knownKey(key, this.#stepShape)));
    if (second !== undefined && first !== undefined)
      this.#report.problem(
        [...path, second],
        `a step has exactly one kind, and this has \`${first}\` and \`${second}\``,
        "key",
      );
    const isTypo = written.some((key) => knownKey(key, this.#stepShape) === undefined);
    if (first === undefined && !isTypo && !isFlat)
      this.#report.problem(
        path,
        `a step needs a kind; expected one of ${either([...this.#kinds.keys(), ...blockNames])}`,
      );
    return first;
  }

  #stepFrom(raw: JsonObject, name: string | undefined, from: Origin): StepDocument {
    const { data, written, findings } = fitMembers(this.#stepShape, raw, this.#source.spelling);
    for (const finding of findings) {
      if (finding.path[0] === "id")
        this.#report.finding(from.id, { ...finding, path: finding.path.slice(1) });
      else this.#report.finding(from.step, finding);
    }
    const body = name === undefined ? {} : (written[name] ?? null);
    const block = name !== undefined && isBlockName(name) ? name : undefined;
    const kind = name === undefined ? undefined : this.#kinds.get(name);
    const fitted = block
      ? { config: this.#blockConfig(block, body, from.config), isSound: true }
      : kind
        ? this.#kindConfig(kind, body, from.config)
        : { config: {}, isSound: false };
    if (block) this.#refuseOnBlock(written, block, from.step);
    const step = present<StepDocument>({
      id: data.id ?? "",
      kind: name ?? "",
      config: fitted.config,
      if: data.if,
      needs: data.needs,
      retry: data.retry,
      timeoutMs: data.timeout,
      fallback: this.#otherKind("fallback", written, from.step),
      onFailure: data.onFailure,
      undo: this.#otherKind("undo", written, from.step),
      once: data.once,
      onUnknown: data.onUnknown,
      concurrency: data.concurrency,
      rate: data.rate,
      priority: data.priority,
      cache: data.cache,
    });
    if (data.cache && kind && !kind.caches)
      this.#report.problem(
        [...from.step, "cache"],
        `a step of kind \`${kind.name}\` has no cache: it belongs to steps that ask a model`,
        "key",
      );
    if (data.onUnknown !== undefined && !data.once)
      this.#report.problem([...from.step, "onUnknown"], "`on_unknown` needs `once: true`", "key");
    if (fitted.isSound) this.#sound.add(step);
    return step;
  }

  #refuseOnBlock(written: JsonObject, block: BlockName, path: Path): void {
    for (const key of workOnly)
      if (written[key] !== undefined)
        this.#report.problem(
          [...path, key],
          `\`${key}\` belongs to a step that does work; give it to the steps inside \`${block}\``,
          "key",
        );
  }

  #kindConfig(
    kind: StepKind,
    body: Json,
    path: Path,
  ): { readonly config: JsonObject; readonly isSound: boolean } {
    const fitted = fit(kind.config, body, this.#source.spelling);
    const config = fitted.findings.length > 0 ? fitted.respelled : plainJson(fitted.data, kind.name);
    const isSound = fitted.findings.length === 0 && isJsonObject(config);
    for (const finding of fitted.findings) this.#report.finding(path, finding);
    if (isSound) for (const problem of kind.check?.(config) ?? []) this.#report.finding(path, problem);
    else if (fitted.findings.length === 0)
      this.#report.problem(path, `expected a mapping, found ${foundText(body)}`);
    return { config: isJsonObject(config) ? config : {}, isSound };
  }

  /** The one kind under `fallback` or `undo`. */
  #otherKind(member: "fallback" | "undo", step: JsonObject, path: Path): KindDocument | undefined {
    const at = [...path, member];
    const written = step[member];
    const keys = isJsonObject(written) ? Object.keys(written) : [];
    const [key] = keys;
    const shape = Object.fromEntries([...this.#kinds.keys()].map((name) => [name, z.unknown().optional()]));
    if (!isJsonObject(written)) return undefined;
    if (key === undefined || keys.length > 1) {
      this.#report.problem(at, `\`${member}\` is exactly one kind: \`${member}: { transform: { … } }\``);
      return undefined;
    }
    this.#members(shape, written, at);
    const name = knownKey(key, shape);
    const kind = name === undefined ? undefined : this.#kinds.get(name);
    const fitted = kind && this.#kindConfig(kind, written[key] ?? null, [...at, key]);
    return kind && fitted?.isSound ? { kind: kind.name, config: fitted.config } : undefined;
  }

  #blockConfig(name: BlockName, body: Json, path: Path): JsonObject {
    if (name === "parallel" || name === "branch") {
      const list = Array.isArray(body) && body.length > 0 ? (body as readonly Json[]) : undefined;
      if (!list)
        this.#report.problem(
          path,
          `\`${name}\`: expected ${name === "parallel" ? "a list of steps" : "a list of arms"}, found ${foundText(body)}`,
        );
      if (name === "parallel") return blockConfig({ steps: this.#steps(list, path) });
      return blockConfig({ arms: (list ?? []).map((arm, index) => this.#arm(arm, [...path, index])) });
    }
    if (isJsonObject(body)) return name === "map" ? this.#map(body, path) : this.#loop(body, path);
    this.#report.problem(path, `\`${name}\`: expected a mapping, found ${foundText(body)}`);
    return {};
  }

  #map(body: JsonObject, path: Path): JsonObject {
    const data = this.#members(blockShapes(anySteps).map, body, path);
    const { over = [], concurrency = 1, onItemError = "fail" } = data;
    return blockConfig({
      over,
      concurrency,
      onItemError,
      steps: this.#steps(data.steps, [...path, "steps"]),
    });
  }

  #loop(body: JsonObject, path: Path): JsonObject {
    const data = this.#members(blockShapes(anySteps).loop, body, path);
    const steps = this.#steps(data.steps, [...path, "steps"]);
    return blockConfig({
      ...(data.until === undefined ? {} : { until: data.until }),
      max: data.max ?? 1,
      steps,
    });
  }

  #arm(arm: Json, path: Path) {
    if (!isJsonObject(arm)) {
      this.#report.problem(
        path,
        `expected an arm: a mapping with \`when\` and \`steps\`, found ${foundText(arm)}`,
      );
      return { steps: [] };
    }
    const data = this.#members(blockShapes(anySteps).arm, arm, path);
    const steps = this.#steps(data.steps, [...path, "steps"]);
    return { ...(data.when === undefined ? {} : { when: data.when }), steps };
  }

  #steps(list: readonly Json[] | undefined, path: Path): readonly StepDocument[] {
    return (list ?? []).map((step, index) => this.#step(step, [...path, index]));
  }
}

/** What a block cannot have: it does no work itself. */
const workOnly = [
  "retry",
  "timeout",
  "fallback",
  "undo",
  "once",
  "onUnknown",
  "concurrency",
  "rate",
  "priority",
  "cache",
];

/** `flows/five-stages.yaml` is the workflow `five-stages`. */
function nameOfFile(file: string): string {
  const base =
    file
      .split(/[/\\]/)
      .at(-1)
      ?.replace(/\.(ya?ml|json)$/i, "") ?? "";
  const name = base.replace(/[^A-Za-z0-9._-]+/g, "-");
  return workflowNamePattern.test(name) ? name : "unnamed";
}
