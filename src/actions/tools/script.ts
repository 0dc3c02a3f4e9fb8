import { basename, extname } from "node:path";
import { z } from "zod";
import {
  assert,
  canonicalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  messageOf,
  parseDuration,
  sha256,
} from "../../core/base/index.ts";
import {
  type Asset,
  type Effect,
  EffectDenied,
  type StepContext,
  type StepKind,
  WorkflowInvalid,
} from "../../core/workflow/index.ts";
import type { Children } from "./child.ts";
import { scriptBytesMax } from "./limits.ts";
import type { Sandbox } from "./sandbox.ts";
import { effect, type Finding } from "./tool-file.ts";

const config = z.strictObject({
  js: z
    .string()
    .min(1)
    .optional()
    .describe("JavaScript that sees `input` and the language, and nothing else."),
  file: z.string().min(1).optional().describe("A script beside the workflow: JSON in, one JSON value out."),
  input: z.unknown().optional(),
  timeout: z.union([z.string(), z.number()]).optional().describe("5s for js, 60s for a file."),
  memoryMb: z
    .int()
    .min(16)
    .max(1_048_576)
    .optional()
    .describe("What a file may take of memory with all that it starts: 1024 megabytes."),
  effect: effect.optional().describe("What a file may do to the world; write without it."),
});

/**
 * `script: { js, input }`: JavaScript inside QuickJS. Its value is that of its last expression; where
 * `return` stands at its top level, it is the body of a function with `input`. Its clock stands at the
 * start of the step, its chance repeats.
 *
 * `script: { file, input }`: any other program, as a child process of its own. What runs is the text
 * that the run has pinned, in a fresh folder and without files beside it.
 */
export function scriptKind(options: { sandbox: Sandbox; children: Children }): StepKind {
  return {
    name: "script",
    summary: "Runs JavaScript in a sandbox, or a script file as a child process.",
    config,
    fields: ["simulated"],
    callsOut: false,
    runsUserCode: true,
    raw: ["js", "file"],
    effect: effectOf,
    references: ({ file }) =>
      typeof file === "string" ? [{ kind: "script", name: file, path: ["file"] }] : [],
    check,
    async execute(written, context) {
      const timeoutMs = timeoutOf(written.timeout);
      const input = written.input ?? null;
      if (typeof written.js === "string") {
        const label = `The script of "${context.path}"`;
        const chance = { nowMs: context.clock.now(), seed: Math.floor(context.random.next() * 2 ** 32) };
        const value = await options.sandbox.run(
          { source: written.js, input, timeoutMs, label, ...chance },
          context.signal,
        );
        return { result: { value, simulated: false } };
      }
      const may = effectOf(written);
      const isSafe = may === "none" || may === "read";
      if (context.effects === "denied" && !isSafe)
        throw new EffectDenied(`The script "${written.file}"`, may);
      if (context.effects === "simulated" && !isSafe) return { result: { value: null, simulated: true } };
      const { file, text } = pinnedScript(written.file, context);
      const label = `The script "${written.file}"`;
      const memoryMb = typeof written.memoryMb === "number" ? written.memoryMb : undefined;
      const script = { file, text, input, timeoutMs, memoryMb, label };
      return { result: { value: await options.children.run(script, context.signal), simulated: false } };
    },
  };
}

function effectOf(written: JsonObject): Effect {
  if (written.js !== undefined) return "none";
  const declared = effect.safeParse(written.effect);
  return declared.success ? declared.data : "write";
}

function timeoutOf(value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  return parseDuration(typeof value === "number" ? value : String(value));
}

function pinnedScript(name: Json | undefined, context: StepContext): { file: string; text: string } {
  const { content } = context.asset("script", String(name));
  assert(isJsonObject(content), `the script ${name} has been loaded`);
  const { file, text } = content;
  assert(typeof file === "string" && typeof text === "string", `the script ${name} has a name and a text`);
  return { file, text };
}

function check(written: JsonObject): Finding[] {
  const found: Finding[] = [];
  const named = ["js", "file"].filter((name) => written[name] !== undefined);
  if (named.length !== 1)
    found.push({
      path: named.slice(1, 2),
      message: `expected exactly one of js and file; found ${named.length === 0 ? "none" : "both"}`,
    });
  if (written.js !== undefined && written.memoryMb !== undefined)
    found.push({ path: ["memoryMb"], message: "is for files: the sandbox has a limit of its own" });
  if (written.js !== undefined && written.effect !== undefined)
    found.push({ path: ["effect"], message: "is for files: a script in the sandbox has none" });
  if (written.timeout !== undefined && !String(written.timeout).includes("{{"))
    try {
      timeoutOf(written.timeout);
    } catch (error) {
      found.push({ path: ["timeout"], message: messageOf(error) });
    }
  return found;
}

const runnable = new Set([".py", ".js", ".mjs", ".ts", ".sh"]);

/**
 * A script file as runs pin it: its name and its text, which is what will run, whatever becomes of the
 * file. Throws `WorkflowInvalid` for what is no text, is too long, or does not say what runs it.
 */
export function loadScript(options: { file: string; text: string; name: string }): Asset {
  const { file, text, name } = options;
  const refuse = (message: string): never => {
    throw new WorkflowInvalid([{ file, line: 1, column: 1, message }]);
  };
  if (Buffer.byteLength(text) > scriptBytesMax) refuse(`is longer than ${scriptBytesMax} bytes`);
  if (text.includes("\u0000") || text.includes("\ufffd")) refuse("is no text: a script is pinned as text");
  if (!runnable.has(extname(file)) && !text.startsWith("#!"))
    refuse(
      `expected a file that ends in ${[...runnable].join(", ")}, or whose first line (#!) says what runs it`,
    );
  const content = { file: basename(file), text };
  return { kind: "script", name, digest: sha256(canonicalJson(content)), content };
}
