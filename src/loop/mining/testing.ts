import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { type EventLog, LogBuilder, type NewLogEvent } from "./log.ts";
import type { XmlElement } from "./xml.ts";

/** A log of events, each with its case. */
export function logOf(events: readonly (NewLogEvent & { readonly case: string })[]): EventLog {
  const builder = new LogBuilder();
  for (const { case: name, ...event } of events) builder.add(builder.caseNamed(name), event);
  return builder.build();
}

/** A file of this content in a folder of the test's own; packed when its name ends in .gz. */
export function fileOf(t: TestContext, name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "flyball-mining-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), name.endsWith(".gz") ? gzipSync(content) : content);
  return join(folder, name);
}

/** An element without the place where it was read. */
export function placeless({ name, attributes, children }: XmlElement): XmlElement {
  return { name, attributes, children: children.map(placeless) };
}
