/** What was measured over the latest runs; a time or cost is none where no run came to its end. */
export interface Figures {
  readonly runs: number;
  readonly errorRate: number;
  readonly timeToResultP50Ms: number | null;
  readonly costMeanUsd: number;
}

/** Facts about a workflow as a whole, in the stream `workflow/NAME`. */
export type WorkflowEvent =
  | {
      readonly type: "workflow.degraded";
      readonly data: { readonly reason: string; readonly figures: Figures };
    }
  | {
      readonly type: "workflow.restored";
      readonly data: { readonly reason: string; readonly figures: Figures };
    };
