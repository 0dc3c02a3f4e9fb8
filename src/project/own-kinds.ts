import { existsSync, readdirSync } from "node:fs";
import { join, parse, relative } from "node:path";
import { AssertionFailed, FlyballError } from "../core/base/index.ts";
import {
  type Asset,
  type AssetSource,
  type KindRegistry,
  kindNameProblem,
  ownStepKind,
  type Problem,
  type StepKind,
  WorkflowInvalid,
} from "../core/workflow/index.ts";

/** Brings kinds to life: the engine's, which runs them in processes of their own. */
export interface KindCode {
  loadKind(file: {
    readonly name: string;
    readonly folder: string;
    readonly file: string;
    readonly environment: readonly string[];
  }): Promise<Asset>;
  kind(asset: Asset): StepKind;
}

/** What a project's `kinds/` adds to the kinds that there are. */
export interface ProjectKinds {
  /** Those that there are, and its own. */
  readonly kinds: KindRegistry;
  readonly own: readonly StepKind[];
  readonly source: AssetSource;
}

/** Without what the project brings along. */
export function noneBeside(kinds: KindRegistry): ProjectKinds {
  return { kinds, own: [], source: { find: () => undefined, names: () => [] } };
}

const moduleFile = /^[^.]+\.(ts|mts|js|mjs)$/;

/**
 * Imports every kind of a project. One that cannot be used troubles only the workflows that use it; one
 * whose name cannot be used is refused, since nobody could say what a workflow means by it.
 */
export async function projectKinds(options: {
  readonly folder: string;
  readonly environment: readonly string[];
  readonly kinds: KindRegistry;
  readonly code: KindCode;
}): Promise<ProjectKinds> {
  const { folder, environment, kinds, code } = options;
  const files = kindFiles(folder, kinds);
  const load = async (file: string): Promise<Asset | Problem> => {
    try {
      return await code.loadKind({ name: parse(file).name, folder, file, environment });
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      return problemAt(folder, file, error.message);
    }
  };
  const found = new Map(
    await Promise.all(files.map(async (file) => [parse(file).name, await load(file)] as const)),
  );
  const own = [...found].map(([name, one]) => ("digest" in one ? code.kind(one) : unusableKind(name)));
  return {
    own,
    kinds: new Map([...kinds, ...own.map((kind) => [kind.name, kind] as const)]),
    source: {
      find(kind, name) {
        const one = kind === "kind" ? found.get(name) : undefined;
        if (one && !("digest" in one)) throw new WorkflowInvalid([one]);
        return one;
      },
      names: (kind) => (kind === "kind" ? [...found.keys()] : []),
    },
  };
}

function kindFiles(folder: string, kinds: KindRegistry): readonly string[] {
  if (!existsSync(join(folder, "kinds"))) return [];
  const files = readdirSync(join(folder, "kinds"))
    .filter((file) => moduleFile.test(file))
    .sort()
    .map((file) => `kinds/${file}`);
  const problems = files.flatMap((file, index) => {
    const { name } = parse(file);
    const isTwice = parse(files[index - 1] ?? "").name === name;
    const problem = isTwice ? `there are two kinds \`${name}\`` : kindNameProblem(name, kinds);
    return problem === undefined ? [] : [problemAt(folder, file, problem)];
  });
  if (problems.length > 0) throw new WorkflowInvalid(problems);
  return files;
}

function problemAt(folder: string, file: string, message: string): Problem {
  return { file: relative(process.cwd(), join(folder, file)), line: 1, column: 1, message };
}

/** Stands in for a kind that cannot be imported, so that what is said of it is why, and not that it is unknown. */
function unusableKind(name: string): StepKind {
  const facts = { summary: "", input: {}, fields: [], effect: "write", callsOut: false } as const;
  return ownStepKind(name, facts, () => {
    throw new AssertionFailed(`no workflow that uses the kind ${name} has been loaded`);
  });
}
