import { assetOf } from "../src/core/executor/index.ts";
import { compileWorkflow, type WorkflowDocument } from "../src/core/workflow/index.ts";
import type { Engine } from "../src/engine.ts";

/** What each step of a measured workflow returns. */
export const stepResult = "x".repeat(200);

export const cases = [1, 32, 256].flatMap((concurrency) => [
  { steps: 1, concurrency },
  { steps: 10, concurrency },
]);

/** One run on Flyball of a workflow of that many steps, to its end. */
export async function flyballRun(engine: Engine, steps: number): Promise<() => Promise<void>> {
  const document: WorkflowDocument = {
    workflow: `bench-${steps}`,
    steps: Array.from({ length: steps }, (_, index) => ({
      id: `s${index}`,
      kind: "transform",
      config: { value: `{{ input.n }} ${stepResult.slice(2)}` },
    })),
  };
  const { name, version } = compileWorkflow(document, engine.kinds);
  const release = await engine.releases.publish({
    workflow: name,
    version,
    definition: assetOf("workflow", name, document as never),
    assets: [],
  });
  return async () => {
    const id = await engine.executor.start({ release, input: { n: 1 } });
    const status = await engine.executor.settled(id);
    if (status !== "completed") throw new Error(`run ${id} is ${status}`);
  };
}
