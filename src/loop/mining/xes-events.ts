import { type LogColumns, waitColumns } from "./columns.ts";
import { LogUnreadable } from "./errors.ts";
import { type LogBuilder, measures, type NewLogEvent } from "./log.ts";
import { parseTimestamp } from "./timestamp.ts";
import type { XmlElement } from "./xml.ts";

type EventField = keyof NewLogEvent;
type NumberField = Exclude<EventField, "activity" | "resource" | "transition">;

type Changing<T> = { -readonly [name in keyof T]: T[name] };

/** What a file says of an event. */
export type EventTexts = { -readonly [field in EventField]?: string };

/** Takes the traces of an XES log as cases. */
export class XesCases {
  readonly #file: string;
  readonly #builder: LogBuilder;
  readonly #caseKey: string;
  readonly #fields: ReadonlyMap<string, EventField>;
  /** Events that name no activity, or stand in no trace: they are in no case. */
  leftOut = 0;
  #traces = 0;

  constructor(file: string, builder: LogBuilder, columns: LogColumns) {
    this.#file = file;
    this.#builder = builder;
    // Tables made of XES have `case:` before what belongs to the trace.
    this.#caseKey = columns.case.replace(/^case:(?=.)/, "");
    this.#fields = fieldsOf(columns);
  }

  add(part: XmlElement): void {
    if (part.name === "event") this.leftOut += 1;
    if (part.name !== "trace") return;
    const index = this.#builder.newCase(this.#caseName(part));
    for (const child of part.children) if (child.name === "event") this.#addEvent(index, child);
  }

  #caseName({ children }: XmlElement): string {
    this.#traces += 1;
    const named = children.find(
      (child) => child.name !== "event" && memberOf(child, "key") === this.#caseKey,
    );
    return (named && memberOf(named, "value")) ?? String(this.#traces);
  }

  #addEvent(index: number, event: XmlElement): void {
    const texts: EventTexts = {};
    for (const child of event.children) {
      const field = this.#fields.get(memberOf(child, "key") ?? "");
      if (field) texts[field] = memberOf(child, "value") ?? "";
    }
    const made = eventOf(texts);
    if (made === undefined) this.leftOut += 1;
    else if ("problem" in made)
      throw new LogUnreadable(this.#file, event.place ?? { line: 1 }, `this event: ${made.problem}`);
    else this.#builder.add(index, made);
  }
}

/** What of an event stands under each key of XES or column of CSV. */
export function fieldsOf(columns: Omit<LogColumns, "case">): ReadonlyMap<string, EventField> {
  const { activity, timestamp, start, resource, lifecycle, cost } = columns;
  const named: readonly [string | undefined, EventField][] = [
    ...Object.entries(waitColumns),
    [cost, "cost"],
    [lifecycle, "transition"],
    [resource, "resource"],
    [start, "startedAt"],
    [timestamp, "at"],
    [activity, "activity"],
  ];
  return new Map(named.flatMap(([key, field]) => (key === undefined ? [] : [[key, field]])));
}

export interface EventProblem {
  readonly field: EventField;
  readonly problem: string;
}

/** An event of the texts of a file; undefined when it names no activity. An empty text is none. */
export function eventOf(texts: Readonly<EventTexts>): NewLogEvent | EventProblem | undefined {
  const { activity, resource, transition } = texts;
  if (activity === undefined) return undefined;
  const event: Changing<NewLogEvent> = { activity, at: Number.NaN };
  if (resource) event.resource = resource;
  if (transition) event.transition = transition;
  for (const field of numberFields) {
    const text = texts[field];
    if (text === undefined || text === "") continue;
    const isMoment = field === "at" || field === "startedAt";
    const value = isMoment ? parseTimestamp(text) : Number(text);
    if (!Number.isFinite(value)) {
      const expected = isMoment ? "a timestamp such as 2026-01-31T09:30:00+01:00" : "a number";
      return { field, problem: `${JSON.stringify(text)} is not ${expected}` };
    }
    event[field] = value;
  }
  return event;
}

const numberFields: readonly NumberField[] = ["at", ...measures];

/** An attribute of the XML element: `key` and `value` say what an attribute of the log is. */
export function memberOf({ attributes }: XmlElement, name: string): string | undefined {
  for (let at = 0; at < attributes.length; at += 2) if (attributes[at] === name) return attributes[at + 1];
  return undefined;
}
