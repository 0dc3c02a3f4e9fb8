import { z } from "zod";
import { messageOf, nearestName } from "../../core/base/index.ts";
import { LogUnreadable } from "./errors.ts";
import type { LogBuilder } from "./log.ts";
import { parseTimestamp } from "./timestamp.ts";
import { memberOf } from "./xes-events.ts";
import type { XmlElement } from "./xml.ts";

// OCEL 1.0 and 2.0: logs in which an event belongs to several objects at once. It becomes a log of cases by
// a choice of one type of object: each of them is a case, with every event that it has part in.

export interface ObjectLog {
  /** Its type, by the id of each object. */
  readonly types: ReadonlyMap<string, string>;
  readonly events: readonly ObjectEvent[];
}

interface ObjectEvent {
  readonly activity: string;
  readonly time: string;
  readonly objects: readonly string[];
}

const first = z.object({
  "ocel:events": z.record(
    z.string(),
    z.object({
      "ocel:activity": z.string(),
      "ocel:timestamp": z.string(),
      "ocel:omap": z.array(z.string()),
    }),
  ),
  "ocel:objects": z.record(z.string(), z.object({ "ocel:type": z.string() })),
});

const second = z.object({
  objects: z.array(z.object({ id: z.string(), type: z.string() })),
  events: z.array(
    z.object({
      type: z.string(),
      time: z.string(),
      relationships: z.array(z.object({ objectId: z.string() })).default([]),
    }),
  ),
});

export function objectLogOfJson(file: string, text: string): ObjectLog {
  const value = jsonOf(file, text);
  const isFirst = typeof value === "object" && value !== null && "ocel:events" in value;
  const parsed = isFirst
    ? first.transform(ofFirst).safeParse(value)
    : second.transform(ofSecond).safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.map(String).join(".") || "the top";
  throw new LogUnreadable(file, { line: 1 }, `this is no OCEL log: at ${at}: ${issue?.message}`);
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LogUnreadable(file, { line: 1 }, `this is no JSON: ${messageOf(error)}`);
  }
}

function ofFirst(log: z.infer<typeof first>): ObjectLog {
  return {
    types: new Map(Object.entries(log["ocel:objects"]).map(([id, object]) => [id, object["ocel:type"]])),
    events: Object.values(log["ocel:events"]).map((event) => ({
      activity: event["ocel:activity"],
      time: event["ocel:timestamp"],
      objects: event["ocel:omap"],
    })),
  };
}

function ofSecond({ objects, events }: z.infer<typeof second>): ObjectLog {
  return {
    types: new Map(objects.map(({ id, type }) => [id, type])),
    events: events.map(({ type, time, relationships }) => ({
      activity: type,
      time,
      objects: relationships.map(({ objectId }) => objectId),
    })),
  };
}

/** Whether a part of an XML log is one that only OCEL has. */
export function isOfObjects({ name }: XmlElement): boolean {
  return name === "events" || name === "objects";
}

/** Of the parts of an XML log: OCEL 1.0 has attributes as XES has them, 2.0 has members of the elements. */
export function objectLogOfXml(parts: readonly XmlElement[]): ObjectLog {
  const inside = (name: string) =>
    parts.filter((part) => part.name === name).flatMap(({ children }) => children);
  const told = (element: XmlElement, member: string, key: string) =>
    memberOf(element, member) ?? attributeOf(element, key) ?? "";
  return {
    types: new Map(
      inside("objects").map((object) => [told(object, "id", "id"), told(object, "type", "type")]),
    ),
    events: inside("events").map((event) => ({
      activity: told(event, "type", "activity"),
      time: told(event, "time", "timestamp"),
      objects: event.children.flatMap(objectIdsIn),
    })),
  };
}

function attributeOf({ children }: XmlElement, key: string): string | undefined {
  const found = children.find((child) => memberOf(child, "key") === key);
  return found && memberOf(found, "value");
}

function objectIdsIn(list: XmlElement): readonly string[] {
  if (list.name !== "objects" && memberOf(list, "key") !== "omap") return [];
  return list.children.map((child) => memberOf(child, "object-id") ?? memberOf(child, "value") ?? "");
}

/** Takes every object of a type as a case. */
export function addObjects(
  file: string,
  { types, events }: ObjectLog,
  { builder, type }: { readonly builder: LogBuilder; readonly type: string | undefined },
): void {
  const known = [...new Set(types.values())].sort();
  if (type === undefined || !known.includes(type)) {
    const nearest = type === undefined ? undefined : nearestName(type, known);
    const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
    const there = known.map((name) => JSON.stringify(name)).join(", ");
    throw new LogUnreadable(file, { line: 1 }, `name a type of object with --case: ${there}${hint}`);
  }
  for (const { activity, time, objects } of events)
    for (const id of new Set(objects)) {
      if (types.get(id) !== type) continue;
      const at = parseTimestamp(time);
      const problem = `${JSON.stringify(time)} is not a timestamp such as 2026-01-31T09:30:00+01:00`;
      if (Number.isNaN(at))
        throw new LogUnreadable(file, { line: 1 }, `an event of ${JSON.stringify(id)}: ${problem}`);
      builder.add(builder.caseNamed(id), { activity, at });
    }
}
