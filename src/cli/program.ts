import { Command, CommanderError } from "commander";
import { version } from "../core/base/index.ts";
import { registerAlerts } from "./alerts.ts";
import { registerAssets } from "./assets.ts";
import { registerBench } from "./bench.ts";
import { registerBudgets } from "./budgets.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEval } from "./eval.ts";
import { registerInit } from "./init.ts";
import { type ExitCode, exit, fail } from "./io.ts";
import { registerJournal } from "./journal.ts";
import { registerMine } from "./mine.ts";
import { registerOptimize } from "./optimize.ts";
import { registerPredict } from "./predict.ts";
import { registerPrompt } from "./prompt.ts";
import { registerReplay } from "./replay.ts";
import { registerReviews } from "./reviews.ts";
import { registerRollouts } from "./rollouts.ts";
import { registerRun } from "./run.ts";
import { registerRuns } from "./runs.ts";
import { registerServe } from "./serve.ts";
import { registerSwitches } from "./switches.ts";
import { registerTrain } from "./train.ts";
import { registerValidate } from "./validate.ts";

/** The command line: parses, hands over to one file a command, and turns every error into words and a code. */
export async function runCommand(): Promise<ExitCode> {
  let code: ExitCode = exit.done;
  const done = (chosen: ExitCode) => {
    code = chosen;
  };
  const program = new Command("flyball")
    .description(
      "Runs AI workflows durably, measures every decision, and keeps people in charge of the risky ones.",
    )
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 done with failures, 2 bad input, 3 not possible now.\nStart with: flyball init my-first && cd my-first && flyball run triage.yaml --input cases.csv",
    );
  for (const register of [
    registerInit,
    registerValidate,
    registerServe,
    registerRun,
    registerReplay,
    registerEval,
    registerBench,
    registerTrain,
    registerPredict,
    registerPrompt,
    registerRuns,
    registerReviews,
    registerAssets,
    registerRollouts,
    registerOptimize,
    registerSwitches,
    registerBudgets,
    registerAlerts,
    registerMine,
    registerJournal,
    registerDoctor,
  ])
    register(program, done);
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.badInput;
    return fail(error);
  }
}
