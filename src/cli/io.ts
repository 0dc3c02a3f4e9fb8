import { FlyballError, isJsonObject, type Json, messageOf } from "../core/base/index.ts";

/** Exit codes of every command. */
export const exit = { done: 0, withFailures: 1, badInput: 2, notPossible: 3 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** Options that every command takes. */
export interface CommonOptions {
  readonly home?: string;
  readonly json?: boolean;
}

/** What a command has to say goes to standard output; everything about it to standard error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** An answer of the API that is a problem document, as an error with the exit code that it names. */
export class ApiProblem extends FlyballError {
  readonly code: string;
  override readonly status: number;
  override readonly exitCode: 2 | 3;
  constructor(status: number, body: Json) {
    const problem = isJsonObject(body) ? body : {};
    super(String(problem.detail ?? problem.title ?? `the server answered ${status}`));
    this.code = String(problem.code ?? "UNEXPECTED");
    this.status = status;
    this.exitCode = problem.exitCode === 3 || status >= 500 ? 3 : 2;
  }
}

export class CommandRefused extends FlyballError {
  readonly code = "COMMAND_REFUSED";
  override readonly exitCode: 2 | 3;
  constructor(message: string, exitCode: 2 | 3 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The process that was asked has ended before its answer did: what it was asked for may be done, or not. */
export class OwnerLeft extends FlyballError {
  readonly code = "OWNER_LEFT";
  override readonly exitCode = 3;
  constructor() {
    super(
      "The process that owned the data folder ended before it had answered. Look what was done, and ask again.",
    );
  }
}

/** The one place where an error becomes words and an exit code. */
export function fail(error: unknown): ExitCode {
  if (error instanceof FlyballError) {
    note(error.message);
    return error.exitCode;
  }
  note(`flyball: an error that should not happen: ${messageOf(error)}`);
  if (process.env.FLYBALL_DEBUG && error instanceof Error && error.stack) note(error.stack);
  return exit.notPossible;
}

/** Columns aligned with two spaces between them; numbers to the right. */
export function table(rows: readonly (readonly string[])[], rightFrom = Number.POSITIVE_INFINITY): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const padding = " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return column >= rightFrom ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

function width(text: string): number {
  return [...text].length;
}

/** One line of a text of any origin: no control characters reach the terminal. */
export function oneLine(text: string, lengthMax = 80): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, " ").trim();
  return [...clean].length > lengthMax ? `${[...clean].slice(0, lengthMax - 1).join("")}…` : clean;
}
