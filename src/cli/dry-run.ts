import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, problemText, type Workflow } from "../core/workflow/index.ts";
import { createKinds } from "../kinds.ts";
import { ProjectLoader, projectFolderOf, readInputFile } from "../project/index.ts";
import { type CommonOptions, type ExitCode, exit, note, print, printJson, table } from "./io.ts";

/** Loads a workflow without any data folder: everything that can be known before a run. */
export async function withWorkflow<T>(
  file: string,
  work: (loaded: { workflow: Workflow; warnings: readonly string[] }) => T | Promise<T>,
): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "flyball-"));
  const parts = createKinds({ home: scratch });
  try {
    const loader = await ProjectLoader.open(projectFolderOf(file), parts.kinds, parts.code);
    const { loaded } = loader.load(file);
    const warnings = loaded.warnings.map(problemText);
    return await work({ workflow: loaded.workflow, warnings });
  } finally {
    await parts.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Shows what a run would do, in which order and with which effects, and checks the inputs. Starts nothing. */
export async function dryRun(file: string, options: CommonOptions & { input?: string }): Promise<ExitCode> {
  return withWorkflow(file, ({ workflow, warnings }) => {
    for (const warning of warnings) note(`warning: ${warning}`);
    const problems = options.input === undefined ? [] : inputProblems(workflow, options.input);
    const steps = describe(workflow);
    if (options.json) printJson({ workflow: workflow.name, version: workflow.version, steps, problems });
    else {
      print(`${workflow.name} ${workflow.version.slice(0, 12)}`);
      print(
        table([
          ["step", "kind", "effect", "after"],
          ...steps.map((step) => [
            "  ".repeat(step.depth) + step.id + (step.conditional ? " (if)" : ""),
            step.kind,
            step.effect,
            step.after.join(", "),
          ]),
        ]),
      );
      if (options.input !== undefined)
        print(`\n${problems.length === 0 ? "All inputs fit." : `${problems.length} rows do not fit:`}`);
      for (const { row, problem } of problems) print(`row ${row}: ${problem}`);
      print("\nNothing was started.");
    }
    return problems.length > 0 ? exit.withFailures : exit.done;
  });
}

function inputProblems(workflow: Workflow, input: string): { row: number; problem: string }[] {
  return readInputFile(input, workflow.document.input).rows.flatMap((row) => {
    if ("problem" in row) return [{ row: row.row, problem: row.problem }];
    const problems = workflow.checkInput(row.input);
    return problems.length > 0 ? [{ row: row.row, problem: problems.join("; ") }] : [];
  });
}
