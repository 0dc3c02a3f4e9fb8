import { z } from "zod";
import { destinations } from "../../actions/tools/index.ts";
import { FlyballError } from "../../core/base/index.ts";
import { receiversMax } from "./limits.ts";
import { alertKinds } from "./state.ts";

// The section `alerts` of flyball.yaml: who is told of what.

const secretReference = /^\s*\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*$/;

const receiver = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, "expected a name: small letters, digits, - and _"),
  url: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .describe("Its host must be named in `allow.http`."),
  secret: z
    .string()
    .regex(secretReference, 'expected a reference such as "{{ secrets.ALERTS }}", never the secret itself')
    .transform((text) => secretReference.exec(text)?.[1] ?? "")
    .exactOptional()
    .describe("Signs what is sent; without it, nothing is signed."),
  on: z.array(z.enum(alertKinds)).min(1).exactOptional().describe("Kinds of alerts; all when absent."),
});

export const alertSettings = z.array(receiver).max(receiversMax).default([]);
export type Receiver = z.output<typeof receiver>;

/** What the schema cannot see: two of one name, and where no call may go. */
export function alertProblems(
  receivers: readonly Receiver[],
  allow: readonly string[],
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return receivers.flatMap(({ name, url }, index) => {
    const isTwice = receivers.slice(0, index).some((other) => other.name === name);
    const refused = refusal(url, allow);
    return [
      ...(isTwice ? [{ path: ["alerts", index, "name"], message: "another receiver has this name" }] : []),
      ...(refused ? [{ path: ["alerts", index, "url"], message: refused }] : []),
    ];
  });
}

function refusal(url: string, allow: readonly string[]): string | undefined {
  try {
    destinations(allow).check(new URL(url));
    return undefined;
  } catch (error) {
    if (error instanceof FlyballError) return error.message;
    throw error;
  }
}
