import { createWriteStream } from "node:fs";
import type { Command } from "commander";
import type { Seal, Verification } from "../core/journal/index.ts";
import { json, jsonLines, onFolder } from "./connect.ts";
import { CommandRefused, type CommonOptions, type ExitCode, exit, print, printJson } from "./io.ts";
import { checkHead, verifyExport } from "./verify-export.ts";

interface VerifyOptions extends CommonOptions {
  readonly head?: string;
  readonly publicKey?: string;
}

interface ExportOptions extends CommonOptions {
  readonly run?: string;
  readonly out?: string;
  readonly head?: boolean;
}

export function registerJournal(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("verify")
    .argument("[export]", "an exported journal, to be checked without its data folder")
    .summary("check that the journal is whole and unchanged")
    .description(
      "Checks every event against its hash and its stream's chain, and every seal against the events that\n" +
        "it covers. Names the first event that does not fit. A head that was exported earlier also shows\n" +
        "whether anything was cut off or written anew since.",
    )
    .option("--head <file>", "a head exported earlier with `flyball export --head`")
    .option(
      "--public-key <file>",
      "the public key (PEM) to trust, instead of the one in the export or folder",
    )
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value: { ok, events, pruned?, seals, head, firstBad }")
    .action(async (file: string | undefined, options: VerifyOptions) => done(await verify(file, options)));

  program
    .command("export")
    .summary("write the journal, or its signed head, as JSON")
    .description(
      "Writes every event as a line of JSON, then the seals. With --head: only the signed head, to be kept elsewhere.",
    )
    .option("--run <id>", "the events of one run")
    .option("--out <file>", "write to a file")
    .option("--head", "the signed head alone")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "the same: the output is JSON Lines")
    .action(async (options: ExportOptions) => done(await exportJournal(options)));
}

async function verify(file: string | undefined, options: VerifyOptions): Promise<ExitCode> {
  const result = file === undefined ? await verifyFolder(options) : await verifyExport(file, options);
  if (options.json) printJson(result);
  else print(sentence(result));
  return result.ok ? exit.done : exit.withFailures;
}

async function verifyFolder(options: VerifyOptions): Promise<Verification> {
  return onFolder(options, async (api) => {
    const result = await json<Verification>(await api.request("GET", "/v1/journal/verification"));
    if (!options.head || !result.ok) return result;
    const seals: Seal[] = [];
    for await (const line of jsonLines<{ seal?: Seal }>(await api.request("GET", "/v1/journal/seals")))
      if (line.seal) seals.push(line.seal);
    return checkHead(result, seals, options.head, options.publicKey);
  });
}

function sentence(result: Verification): string {
  if (result.ok) {
    const head = result.head ? `, sealed up to ${result.head.to}` : ", not sealed yet";
    const pruned = result.pruned ? `, ${result.pruned} of them pruned by retention` : "";
    return `The journal is whole: ${result.events} events${pruned}, ${result.seals} seals${head}.`;
  }
  const { firstBad } = result;
  if (!firstBad) return "The journal is not whole.";
  const where = firstBad.stream
    ? `event ${firstBad.position} (number ${firstBad.seq} of ${firstBad.stream})`
    : "the database";
  return `The journal is NOT whole: ${where}: ${firstBad.reason}.`;
}

async function exportJournal(options: ExportOptions): Promise<ExitCode> {
  const path = options.head
    ? "/v1/journal/head"
    : `/v1/journal/events${options.run ? `?run=${encodeURIComponent(options.run)}` : ""}`;
  return onFolder(options, async (api) => {
    const response = await api.request("GET", path);
    if (response.status >= 400) await json(response);
    await write(response, options.out);
    return exit.done;
  });
}

async function write(response: Response, file: string | undefined): Promise<void> {
  const out = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
  const failed = new Promise<never>((_, reject) =>
    out.once("error", (error) => reject(new CommandRefused(`Cannot write: ${error.message}.`, 3))),
  );
  const written = (async () => {
    for await (const chunk of response.body ?? [])
      if (!out.write(chunk)) await new Promise((resolve) => out.once("drain", resolve));
    if (file !== undefined) await new Promise<void>((resolve) => out.end(resolve));
    else if (response.headers.get("content-type")?.includes("application/json")) out.write("\n");
  })();
  await Promise.race([written, failed]);
}
