import { type Json, seededRandom, systemClock, toJson } from "../../core/base/index.ts";
import type { OwnKind, StepResult } from "../../core/workflow/index.ts";
import { KindResultInvalid } from "./errors.ts";
import type { KindCall } from "./protocol.ts";

/** Does a step of an own kind, inside the host. */
export async function callKind(
  kind: Pick<OwnKind, "execute" | "fields">,
  { input, ...call }: KindCall,
  signal: AbortSignal,
): Promise<StepResult> {
  const random = seededRandom(`${call.key}/${call.attempt}`);
  const result: unknown = await kind.execute(input, {
    ...call,
    signal,
    random: () => random.next(),
    now: () => systemClock.now(),
  });
  if (typeof result !== "object" || result === null || !("value" in result))
    throw new KindResultInvalid(call.path, "expected an object with `value`");
  const members = Object.entries(result).map(([name, member]): [string, Json] => {
    if (name !== "value" && !kind.fields?.includes(name))
      throw new KindResultInvalid(call.path, `\`${name}\` is none of the kind's \`fields\``);
    return [name, toJson(member ?? null, `${call.path}.${name}`)];
  });
  return { value: null, ...Object.fromEntries(members) };
}
