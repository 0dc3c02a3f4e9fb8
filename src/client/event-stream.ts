import type { Event } from "./generated.ts";

/** The events in the lines of a stream of server-sent events. */
export async function* readEvents(lines: AsyncIterable<string>): AsyncGenerator<Event> {
  let data: string[] = [];
  for await (const line of lines) {
    if (line.startsWith("data:")) data.push(line.slice("data:".length).trimStart());
    if (line.trimEnd() !== "" || data.length === 0) continue;
    yield JSON.parse(data.join("\n"));
    data = [];
  }
}
