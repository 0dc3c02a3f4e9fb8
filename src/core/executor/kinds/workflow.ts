import { z } from "zod";
import { assert, type Json } from "../../base/index.ts";
import type { StepKind } from "../../workflow/index.ts";
import { ChildFailed } from "./errors.ts";
import { isExpression } from "./names.ts";

/** `workflow: { name, input }`: a run of another workflow; its output is this step's value. */
export const workflow: StepKind = {
  name: "workflow",
  summary: "Runs another workflow as a child, and waits for it.",
  config: z.strictObject({ name: z.string().min(1), input: z.unknown().optional() }),
  fields: [],
  callsOut: false,
  // What a child does shows in the child's own steps.
  effect: () => "none",
  references: (config) =>
    isExpression(config.name) ? [] : [{ kind: "workflow", name: nameOf(config.name), path: ["name"] }],
  check: (config) =>
    isExpression(config.name)
      ? [
          {
            path: ["name"],
            message: "must be the name itself, no expression: a run pins the workflows that it uses",
          },
        ]
      : [],
  execute: (config) => ({
    wait: { for: "child", child: { workflow: nameOf(config.name), input: config.input ?? null } },
  }),
  resume(config, woken) {
    assert(woken.by === "child", `a child run was waited for, but ${woken.by} came`);
    if (woken.status === "completed") return { result: { value: woken.output } };
    throw new ChildFailed(nameOf(config.name), woken.status, woken.error ?? null);
  },
};

function nameOf(name: Json | undefined): string {
  assert(typeof name === "string", "the config of a workflow step has been checked");
  return name;
}
