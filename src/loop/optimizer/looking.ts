import type { Release } from "../../core/executor/index.ts";
import type { WorkflowDocument } from "../../core/workflow/index.ts";
import type { Observation } from "./observations.ts";

/** A workflow as it is now, with the latest runs of that. */
export interface Looking {
  readonly workflow: string;
  readonly release: Release;
  readonly document: WorkflowDocument;
  readonly observations: readonly Observation[];
}
