import { waitColumns, xesColumns } from "./columns.ts";
import type { EventLog } from "./log.ts";
import { formatTimestamp } from "./timestamp.ts";
import { isXmlCharacter, type XmlElement } from "./xml.ts";

/** The parts of a log as text, in order: the log's own element first, then what is in it. */
export function* writeXes(parts: Iterable<XmlElement>): Generator<string> {
  const writer = new XesWriter();
  for (const part of parts) yield writer.part(part);
  yield writer.end();
}

/** Writes the parts of a log as they come. */
export class XesWriter {
  #isBegun = false;

  part(part: XmlElement): string {
    if (this.#isBegun) return elementText(part, 1);
    this.#isBegun = true;
    return `<?xml version="1.0" encoding="UTF-8"?>\n<${part.name}${attributesText(part)}>\n`;
  }

  end(): string {
    return "</log>\n";
  }
}

function elementText(element: XmlElement, depth: number): string {
  const { name, children } = element;
  const indent = "\t".repeat(depth);
  const open = `${indent}<${name}${attributesText(element)}`;
  if (children.length === 0) return `${open}/>\n`;
  return `${open}>\n${children.map((child) => elementText(child, depth + 1)).join("")}${indent}</${name}>\n`;
}

function attributesText({ attributes }: XmlElement): string {
  let text = "";
  for (let at = 0; at < attributes.length; at += 2)
    text += ` ${attributes[at]}="${escaped(attributes[at + 1] ?? "")}"`;
  return text;
}

const mustBeEscaped = /[&<>"\p{Cc}\p{Cs}\uFFFE\uFFFF]/u;

/** Line breaks and tabs as numbers, or a reader takes them for spaces; what XML cannot hold as U+FFFD. */
function escaped(text: string): string {
  if (!mustBeEscaped.test(text)) return text;
  return text.replace(new RegExp(mustBeEscaped, "gu"), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return isXmlCharacter(code) ? `&#${code};` : "\uFFFD";
  });
}

const extensions = [
  ["Concept", "concept"],
  ["Time", "time"],
  ["Lifecycle", "lifecycle"],
  ["Organizational", "org"],
  ["Cost", "cost"],
] as const;

/** An event log as the parts of an XES log. */
export function* xesPartsOf(log: EventLog): Generator<XmlElement> {
  const attributes = [
    "xes.version",
    "1849-2016",
    "xes.features",
    "",
    "xmlns",
    "http://www.xes-standard.org/",
  ];
  yield { name: "log", attributes, children: [] };
  for (const [name, prefix] of extensions) {
    const uri = `http://www.xes-standard.org/${prefix}.xesext`;
    yield { name: "extension", attributes: ["name", name, "prefix", prefix, "uri", uri], children: [] };
  }
  const classifier = ["name", "Activity", "keys", xesColumns.activity];
  yield { name: "classifier", attributes: classifier, children: [] };
  for (const [index, name] of log.cases.entries()) {
    const children = [attribute("string", xesColumns.case, name)];
    for (let event = log.offsets[index] ?? 0; event < (log.offsets[index + 1] ?? 0); event++)
      children.push({ name: "event", attributes: [], children: eventAttributes(log, event) });
    yield { name: "trace", attributes: [], children };
  }
}

function eventAttributes(log: EventLog, event: number): readonly XmlElement[] {
  const { measured } = log;
  const texts = [
    [xesColumns.activity, log.activities[log.activity[event] ?? 0] ?? ""],
    [xesColumns.resource, log.resources[log.resource[event] ?? 0] ?? ""],
    [xesColumns.lifecycle, log.transitions[log.transition[event] ?? 0] ?? ""],
  ] as const;
  const dates = [
    [xesColumns.timestamp, log.at[event]],
    [xesColumns.start, measured.startedAt?.[event]],
  ] as const;
  const waits = Object.entries(waitColumns).map(
    ([key, measure]) => [key, measured[measure]?.[event]] as const,
  );
  const numbers = [[xesColumns.cost, measured.cost?.[event]] as const, ...waits];
  return [
    // An activity may have no name, but never none.
    ...texts.flatMap(([key, text]) =>
      text === "" && key !== xesColumns.activity ? [] : [attribute("string", key, text)],
    ),
    ...dates.flatMap(([key, ms]) => (isKnown(ms) ? [attribute("date", key, formatTimestamp(ms))] : [])),
    ...numbers.flatMap(([key, value]) => (isKnown(value) ? [attribute("float", key, String(value))] : [])),
  ];
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

function attribute(type: string, key: string, value: string): XmlElement {
  return { name: type, attributes: ["key", key, "value", value], children: [] };
}
