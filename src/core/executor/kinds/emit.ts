import { z } from "zod";
import { InvalidText, type JsonObject, messageOf, sha256 } from "../../base/index.ts";
import type { Fact, StepContext, StepKind, StepOutcome } from "../../workflow/index.ts";
import { eventName, isExpression } from "./names.ts";

/**
 * `emit: { event, data, to }`: says that something happened, in the same commit as the step's result,
 * so that it is said exactly once. With `to` the run of that id receives it as a signal; otherwise it
 * stands on the stream `topic/EVENT`, for whoever follows.
 */
export const emit: StepKind = {
  name: "emit",
  summary: "Records an event for other runs and followers.",
  config: z.strictObject({
    event: z.string().min(1),
    data: z.unknown().optional(),
    to: z.string().min(1).optional().describe("The id of the run that receives it."),
  }),
  fields: [],
  callsOut: false,
  effect: () => "write",
  check(config) {
    if (isExpression(config.event)) return [];
    try {
      eventName(config.event);
      return [];
    } catch (error) {
      return [{ path: ["event"], message: messageOf(error) }];
    }
  },
  execute(config, context): StepOutcome {
    const event = eventName(config.event);
    const live = context.effects === "live";
    const result = { value: { emitted: live, event } };
    if (!live) return { result };
    return {
      result,
      facts: [config.to === undefined ? toTopic(event, config, context) : toRun(event, config, context)],
    };
  },
};

function toTopic(event: string, config: JsonObject, context: StepContext): Fact {
  const data = { event, data: config.data ?? null, run: context.runId, path: context.path };
  return { stream: `topic/${event}`, type: "event.emitted", data };
}

/** The command's id follows from the step's key: taken in twice, it is still one command. */
function toRun(event: string, config: JsonObject, context: StepContext): Fact {
  if (typeof config.to !== "string" || config.to === "")
    throw new InvalidText(String(config.to), "the id of a run");
  const id = sha256(context.key);
  const data = { id, run: config.to, kind: "signal", event, data: config.data ?? null };
  return { stream: `command/${config.to}/${id}`, type: "command.received", data };
}
