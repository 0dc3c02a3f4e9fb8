import { z } from "zod";
import { operation } from "../operation.ts";
import { journalEvent, list, once } from "../schema.ts";

const seal = once(() =>
  z
    .object({
      index: z.int(),
      from: z.int(),
      to: z.int(),
      root: z.string(),
      prev: z.string(),
      at: z.int(),
      hash: z.string(),
      signature: z.string(),
    })
    .meta({ id: "Seal" }),
);
const publicKey = z.string().describe("PEM.");
const sealLine = once(() => z.object({ seal: seal(), publicKey }));
const pruned = once(() => z.object({ pruned: z.object({ from: z.int(), to: z.int(), root: z.string() }) }));

export const verifyJournal = operation({
  id: "verifyJournal",
  method: "get",
  path: "/v1/journal/verification",
  summary: "Checks every event, chain and seal.",
  answer: () =>
    z
      .object({
        ok: z.boolean(),
        events: z.int(),
        pruned: z.int().optional(),
        seals: z.int(),
        head: seal().nullable(),
        firstBad: z
          .object({ position: z.int(), stream: z.string(), seq: z.int(), reason: z.string() })
          .nullable(),
      })
      .meta({ id: "Verification" }),
});

export const journalHead = operation({
  id: "journalHead",
  method: "get",
  path: "/v1/journal/head",
  summary: "The signed head: what proves that nothing was cut off.",
  answer: () => seal().extend({ publicKey }).meta({ id: "Head" }),
});

export const journalSeals = operation({
  id: "journalSeals",
  method: "get",
  path: "/v1/journal/seals",
  summary: "Every seal, as JSON Lines.",
  answer: sealLine,
  isLines: true,
});

export const exportJournal = operation({
  id: "exportJournal",
  method: "get",
  path: "/v1/journal/events",
  summary: "Everything, as JSON Lines.",
  query: z.object({ run: z.string().optional(), after: z.coerce.number().int().min(0).default(0) }),
  answer: () => z.union([journalEvent(), sealLine(), pruned()]),
  isLines: true,
});

export const doctor = operation({
  id: "doctor",
  method: "get",
  path: "/v1/journal/doctor",
  summary: "Folds the journal and compares it with the control tables.",
  answer: () =>
    z
      .object({
        ok: z.boolean(),
        home: z.string(),
        node: z.string(),
        events: z.int(),
        runs: z.record(z.string(), z.int()).readonly(),
        openReviews: z.int(),
        warnings: list(z.string()),
        disagreements: list(z.object({ table: z.string(), id: z.string() })),
      })
      .meta({ id: "DoctorReport" }),
});
