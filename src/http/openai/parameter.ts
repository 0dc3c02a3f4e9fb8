import type { z } from "zod";
import { FlyballError } from "../../core/base/index.ts";

/** A parameter of a call that cannot be taken, by the name that OpenAI gives it. */
export class ParameterInvalid extends FlyballError {
  readonly code = "PARAMETER_INVALID";
  override readonly status = 400;
  readonly param: string | null;
  constructor(param: string | null, message: string) {
    super(message);
    this.param = param;
  }
}

/** A body held against its schema; the first thing that is wrong is told, as OpenAI does. */
export function checkedBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw problemOf(parsed.error);
}

function problemOf({ issues }: z.ZodError): ParameterInvalid {
  const [issue] = issues;
  if (!issue) return new ParameterInvalid(null, "The request cannot be read.");
  const at = paramOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const param = at === null ? key : `${at}.${key}`;
    return new ParameterInvalid(param, `Unrecognized request argument supplied: ${param}.`);
  }
  return new ParameterInvalid(at, `Invalid value for '${at ?? "the body"}': ${issue.message}.`);
}

/** `messages[0].content`. */
function paramOf(path: readonly PropertyKey[]): string | null {
  if (path.length === 0) return null;
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
