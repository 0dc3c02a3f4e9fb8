import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { CommandRefused, type CommonOptions, type ExitCode, exit, print, printJson } from "./io.ts";

export function registerInit(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("init")
    .argument("[dir]", "where to write it", ".")
    .summary("write a first workflow of your own")
    .description(
      "Writes a workflow with its prompt, ten cases and settings. It needs no key: a simulated model answers, and says so.",
    )
    .option("--json", "one JSON value: { folder, files }")
    .action(async (folder: string, options: CommonOptions) => done(init(folder, options)));
}

function init(folder: string, options: CommonOptions): ExitCode {
  const taken = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0)
    throw new CommandRefused(`${join(folder, taken[0] ?? "")} is there already; nothing was written.`);
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  if (options.json) printJson({ folder, files: Object.keys(files) });
  else {
    const enter = folder === "." ? "" : `cd ${folder} && `;
    print(
      `Wrote ${Object.keys(files).join(", ")}${readdirSync(folder).length > 4 ? "" : ` in ${folder}`}. Next:\n`,
    );
    print(`  ${enter}flyball run triage.yaml --input cases.csv`);
    print("  flyball reviews list");
    print("\nThen put a model of your own into flyball.yaml: the file shows how.");
  }
  return exit.done;
}

const files: Readonly<Record<string, string>> = {
  "triage.yaml": `# Sorts messages; a person decides where the model is unsure, and always about money.
workflow: triage
description: Sort messages into billing, bug, question or other.
input:
  type: object
  required: [message]
  properties: { message: { type: string, maxLength: 4000 } }
steps:
  - id: topic
    inference: { prompt: classify, route: small, input: { text: "{{ input.message }}" } }
  - id: checked
    human_review:
      draft: "{{ topic.value }}"
      evidence: "{{ input.message }}"
      confidence: "{{ topic.confidence }}"
      below: 0.8
      when: "{{ topic.value == 'billing' }}"
      within: 4h
output: { topic: "{{ checked.value }}" }
`,
  "prompts/classify.yaml": `input: { text: string }
messages:
  - role: system
    content: Answer with one of billing, bug, question, other, and nothing else.
  - role: user
    content: "{{ text }}"
output: { type: string, enum: [billing, bug, question, other] }
`,
  "cases.csv": `message,expected.topic
I was charged twice this month,billing
The export button does nothing when I click it,bug
How do I add a colleague to my team?,question
"You are great, thanks!",other
Please send the invoice for March to my accountant,billing
The app crashes as soon as I open the settings,bug
Is there a dark mode?,question
My card was declined but the money is gone,billing
Can I import contacts from a spreadsheet?,question
The chart shows yesterday's numbers,bug
`,
  "flyball.yaml": `# A simulated model: right in 9 of 10 cases, and always shown as simulated. To ask a real one, put it
# first in the route: openai/NAME, anthropic/NAME or google/NAME, with its key in the environment
# (OPENAI_API_KEY …), or a server of your own by its address:
#
# providers:
#   house: { type: openai-compatible, url: "http://127.0.0.1:9000/v1", key: "{{ secrets.HOUSE_KEY }}" }
models:
  practice: { provider: sim, price: { input: $0.15/M, output: $0.60/M }, latency: { p50: 80ms, p95: 200ms }, quality: 0.9, seed: 7, labels: [billing, bug, question, other] }
routes:
  small: { try: [practice] }
`,
};
