/**
 * expressions: the one language in which workflows and prompts refer to data.
 *
 * What: Jinja2's templates, parsed once to functions; `{{ path }}` alone keeps its type, anything else
 * is text, printed as Python's Jinja2 3.1 prints it.
 * Owns: nothing. A template keeps no state between evaluations.
 * Promises: reads own members of plain data only, never a prototype, and runs no JavaScript; what is
 * undefined is an error unless its absence is meant; every evaluation is bounded (`limits.ts`); data
 * are never copied, changed, or read as templates; `references` names all that is read from the scope.
 * Read first: `template.ts`, then `compile-expression.ts` and `values.ts`.
 */
import type { Json } from "../../base/index.ts";

/** Names an expression can see. Own names only; undefined means: not defined. */
export interface Scope {
  get(name: string): Json | undefined;
}

export {
  ExpressionFailed,
  ExpressionLimit,
  type Position,
  positionOf,
  TemplateSyntaxError,
} from "./errors.ts";
export type { ExpressionLimits } from "./limits.ts";
export { parseTemplate, type Reference, type Template } from "./template.ts";
