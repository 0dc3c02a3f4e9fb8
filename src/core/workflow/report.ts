import { type Problem, WorkflowInvalid } from "./errors.ts";
import type { Finding } from "./findings.ts";
import { problemsMax } from "./limits.ts";
import { labelOf, type Source, type Where } from "./source.ts";
import type { Path } from "./spelling.ts";

/** Collects what is wrong with one source, so that its writer learns all of it at once. */
export class Report {
  readonly warnings: Problem[] = [];
  readonly #problems: Problem[] = [];
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  problem(path: Path, message: string, where: Where = "value"): void {
    // A few more than are shown, since they are found in another order than they stand in.
    if (this.#problems.length > 5 * problemsMax) return;
    this.#problems.push(this.#source.problem(path, message, where));
  }

  warning(path: Path, message: string, where: Where = "value"): void {
    this.warnings.push(this.#source.problem(path, message, where));
  }

  /** A finding about what stands at `base`, under the name that its writer gave it. */
  finding(base: Path, finding: Finding): void {
    const path = [...base, ...finding.path];
    const label = labelOf(this.#source, path);
    const joint = finding.message.startsWith("is ") ? " " : ": ";
    this.problem(path, label ? `\`${label}\`${joint}${finding.message}` : finding.message, finding.at);
  }

  /** What another file, named by this one, has wrong. */
  add(problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** Throws all problems, in the order of the file and each once. */
  throwIfAny(): void {
    if (this.#problems.length === 0) return;
    const unique = new Map(
      this.#problems.map((problem) => [
        `${problem.file}:${problem.line}:${problem.column}:${problem.message}`,
        problem,
      ]),
    );
    const isOther = (problem: Problem) => Number(problem.file !== this.#source.file);
    const ordered = [...unique.values()].sort(
      (a, b) => isOther(a) - isOther(b) || a.line - b.line || a.column - b.column,
    );
    throw new WorkflowInvalid(ordered.slice(0, problemsMax));
  }
}
