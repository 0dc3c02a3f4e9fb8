import { z } from "zod";
import type { StepKind } from "../../workflow/index.ts";

/**
 * `retrain: { trigger, … }`: asks for a model to be trained again. Until a trainer follows the stream
 * `topic/retrain`, asking is all that it does.
 */
export const retrain: StepKind = {
  name: "retrain",
  summary: "Asks for a model to be trained again.",
  config: z.looseObject({ trigger: z.string().min(1) }),
  fields: [],
  callsOut: false,
  effect: () => "write",
  execute(config, context) {
    const live = context.effects === "live";
    const result = { value: { requested: live, trigger: config.trigger ?? null } };
    if (!live) return { result };
    const data = { ...config, run: context.runId, path: context.path };
    return { result, facts: [{ stream: "topic/retrain", type: "retrain.requested", data }] };
  },
};
