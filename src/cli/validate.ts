import { tmpdir } from "node:os";
import type { Command } from "commander";
import { dataFlow, WorkflowInvalid, workflowJsonSchema } from "../core/workflow/index.ts";
import { createKinds } from "../kinds.ts";
import { withWorkflow } from "./dry-run.ts";
import { type CommonOptions, type ExitCode, exit, note, print, printJson } from "./io.ts";

export function registerValidate(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("validate")
    .argument("[files...]", "workflow files")
    .summary("check workflow files without running them")
    .description(
      "Checks everything that can be known before a run: format, names, order, expressions, prompts, tools, routes.",
    )
    .option("--schema", "print the JSON Schema of the format, for editors")
    .option("--json", "one JSON value: { ok, files }")
    .action(async (files: string[], options: CommonOptions & { schema?: boolean }, command: Command) => {
      if (options.schema) return done(await printSchema());
      if (files.length === 0) return command.error("error: name a workflow file, or give --schema");
      done(await validate(files, options));
    });
}

async function printSchema(): Promise<ExitCode> {
  const { kinds, close } = createKinds({ home: tmpdir() });
  print(JSON.stringify(workflowJsonSchema(kinds), null, 2));
  await close();
  return exit.done;
}

async function validate(files: readonly string[], options: CommonOptions): Promise<ExitCode> {
  const results = [];
  for (const file of files) results.push(await check(file));
  const ok = results.every((result) => result.ok);
  if (options.json) printJson({ ok, files: results });
  return ok ? exit.done : exit.badInput;

  async function check(file: string) {
    try {
      return await withWorkflow(file, ({ workflow, warnings }) => {
        for (const warning of warnings) note(`warning: ${warning}`);
        if (!options.json)
          print(
            `${file}: ${workflow.name} ${workflow.version.slice(0, 12)} is right, ${dataFlow(workflow).length} steps`,
          );
        return { file, ok: true, workflow: workflow.name, version: workflow.version, problems: [] };
      });
    } catch (error) {
      if (!(error instanceof WorkflowInvalid)) throw error;
      note(error.message);
      return { file, ok: false, workflow: null, version: null, problems: error.problems };
    }
  }
}
