import { Hono } from "hono";
import { stream } from "hono/streaming";
import { type Journal, pagesOf, type Seal, type Subtree } from "../../core/journal/index.ts";
import type { Engine } from "../../engine.ts";
import { serve } from "../operation.ts";
import { NotFound } from "../problem.ts";
import { doctorReport } from "./doctor.ts";
import { doctor, exportJournal, journalHead, journalSeals, verifyJournal } from "./schema.ts";

/** `/v1/journal`: verification, the signed head, and the whole of it as JSON Lines. */
export function journalRoutes(engine: Engine): Hono {
  const routes = new Hono();

  serve(routes, verifyJournal, () => engine.journal.verify());

  serve(routes, journalHead, async () => {
    await engine.journal.seal();
    const head = (await engine.journal.seals()).at(-1);
    if (!head) throw new NotFound("The journal is empty: there is nothing to seal.");
    return { ...head, publicKey: publicPem(engine) };
  });

  serve(routes, journalSeals, async ({ context }) => {
    const publicKey = publicPem(engine);
    const lines = (await engine.journal.seals()).map(
      (seal) => `${JSON.stringify({ seal, publicKey } satisfies ExportedSeal)}\n`,
    );
    return context.body(lines.join(""), 200, { "content-type": "application/x-ndjson" });
  });

  serve(routes, exportJournal, ({ context, query: { run, after } }) => {
    context.header("content-type", "application/x-ndjson");
    return stream(context, async (out) => {
      for await (const line of exportLines(engine, run, after)) await out.write(line);
    });
  });

  serve(routes, doctor, () => doctorReport(engine));

  return routes;
}

/**
 * Events as JSON Lines; a whole export ends with the seals, and with what stands in the place of pruned
 * events, so that it can be checked without the folder. Until it has ended, nothing is pruned.
 */
async function* exportLines(engine: Engine, run: string | undefined, after: number): AsyncGenerator<string> {
  const { journal } = engine;
  if (run) {
    for (const event of await journal.read(`run/${run}`)) yield `${JSON.stringify(event)}\n`;
    return;
  }
  if (after > 0) return yield* eventLines(journal, after);
  const release = await journal.hold();
  try {
    await journal.seal();
    yield* eventLines(journal, 0);
    for (const seal of await journal.seals())
      yield `${JSON.stringify({ seal, publicKey: publicPem(engine) } satisfies ExportedSeal)}\n`;
    for (const { from, to, root } of await journal.pruned())
      yield `${JSON.stringify({ pruned: { from, to, root: hex(root) } } satisfies ExportedPruned)}\n`;
  } finally {
    release();
  }
}

export interface ExportedSeal {
  readonly seal: Seal;
  readonly publicKey: string;
}

/** A subtree of pruned events under a seal; its root in hexadecimal digits. */
export interface ExportedPruned {
  readonly pruned: Omit<Subtree, "root"> & { readonly root: string };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

async function* eventLines(journal: Journal, after: number): AsyncGenerator<string> {
  for await (const page of pagesOf(journal, after))
    yield `${page.map((event) => JSON.stringify(event)).join("\n")}\n`;
}

function publicPem(engine: Engine): string {
  return String(engine.sealKey.publicKey.export({ type: "spki", format: "pem" }));
}
