import { z } from "zod";
import { switchScopes } from "../../core/executor/index.ts";
import { operation } from "../operation.ts";
import { moment, once, page, reason } from "../schema.ts";

const off = z.enum(["drain", "stop"]);

const shown = once(() =>
  z
    .object({
      switch: z.string(),
      off,
      by: z.string(),
      reason: z.string().nullable(),
      since: moment,
    })
    .meta({ id: "Switch" }),
);

export const listSwitches = operation({
  id: "listSwitches",
  method: "get",
  path: "/v1/switches",
  summary: "What is switched off.",
  answer: () => page(shown()),
  tagged: "text",
});

export const turnSwitch = operation({
  id: "turnSwitch",
  method: "post",
  path: "/v1/switches",
  summary: "Switches off, or on again: everything, a workflow, a model, a tool or an agent.",
  body: z
    .strictObject({
      scope: z.enum(switchScopes),
      name: z.string().min(1).max(200).optional(),
      off: z.union([off, z.literal(false)]),
      reason,
    })
    .refine(({ scope, name }) => (scope === "all") === (name === undefined), {
      error: "name what is meant, unless it is all",
      path: ["name"],
    }),
  answer: () => page(shown()),
  takesKey: "recorded",
});
