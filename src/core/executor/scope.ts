import type { JsonObject } from "../base/index.ts";
import { type Scope, secretMarker, secretNames, type Workflow } from "../workflow/index.ts";
import type { RunStarted } from "./events.ts";

export const noSecrets: JsonObject = {};

const secretsByWorkflow = new WeakMap<Workflow, JsonObject>();

/** A marker for each secret that the document names: values take their place only at the moment of a call. */
export function secretsOf(workflow: Workflow): JsonObject {
  let secrets = secretsByWorkflow.get(workflow);
  if (!secrets) {
    const text = JSON.stringify(workflow.document).replaceAll('\\"', '"');
    secrets = Object.fromEntries([...secretNames(text)].map((name) => [name, secretMarker(name)]));
    secretsByWorkflow.set(workflow, secrets);
  }
  return secrets;
}

/** What every expression of a run can see beside its steps. */
export function rootScope(
  id: string,
  started: Pick<RunStarted, "workflow" | "input"> & { readonly tags?: RunStarted["tags"] | undefined },
  recordedAt: () => number,
  secrets: JsonObject,
): Scope {
  let run: JsonObject | undefined;
  return {
    get(name) {
      if (name === "input") return started.input;
      // Only the recorded time is the same after a restart; few expressions ask for it, so it is read when one does.
      if (name === "run")
        run ??= { id, workflow: started.workflow, started_at: recordedAt(), tags: started.tags ?? {} };
      if (name === "run") return run;
      return name === "secrets" ? secrets : undefined;
    },
  };
}
