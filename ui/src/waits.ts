import type { Waiting } from "flyball/client";

/** What a run waits for, as a person would say it. */
export function waitText({ for: what, key }: Pick<Waiting, "for" | "key">): string {
  const texts: Readonly<Record<string, string>> = {
    review: "Waits for a person",
    time: "Waits for its time",
    event: `Waits for the event ${key ?? ""}`,
    child: "Waits for a run that it started",
    limit: `Waits for a place within ${key ?? "its limits"}`,
    switch: `Waits until ${key ?? "it"} is switched on`,
  };
  return texts[what] ?? `Waits for ${what}`;
}

const askReasons: Readonly<Record<string, string>> = {
  always: "This step always asks a person.",
  rule: "The workflow's own rule asks for a person.",
  "low confidence": "The machine was not sure enough.",
  "no confidence": "The machine could not say how sure it was.",
};

/** Why a person was asked. */
export function askedBecause(reason: string): string {
  return askReasons[reason] ?? reason;
}
