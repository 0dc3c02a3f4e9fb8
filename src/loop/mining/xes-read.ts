import type { Place } from "./errors.ts";
import { elementsOfTraceMax } from "./limits.ts";
import { type XmlElement, XmlReader } from "./xml.ts";

/**
 * The parts of an XES file (IEEE 1849), in their order: first the log's own element without what is in it,
 * then each thing in it whole: extensions, globals, classifiers, attributes, traces. Whatever a part holds is
 * kept as it was written, so nothing is lost on the way to another file. One trace is in memory at a time.
 */
export async function* readXes(
  file: string,
  pieces: AsyncIterable<string>,
): AsyncGenerator<readonly XmlElement[]> {
  const parts = new Parts();
  const reader = new XmlReader(file, {
    open(name, attributes, place) {
      const problem = parts.open({ name, attributes, place });
      if (problem) throw reader.problem(problem);
    },
    close: () => parts.close(),
  });
  for await (const piece of pieces) {
    reader.write(piece);
    if (parts.done.length > 0) yield parts.done.splice(0);
  }
  reader.end();
}

interface Growing extends XmlElement {
  readonly children: XmlElement[];
}

const nothing: XmlElement[] = [];

class Parts {
  readonly done: XmlElement[] = [];
  /** The elements that are open, from the part on; the log itself is not among them. */
  readonly #open: Growing[] = [];
  #isInLog = false;
  #elements = 0;

  /** What is wrong with it, if anything. */
  open(start: Omit<XmlElement, "children"> & { readonly place: Place }): string | undefined {
    if (!this.#isInLog) {
      this.#isInLog = true;
      this.done.push({ ...start, children: nothing });
      const { name } = start;
      return name === "log" ? undefined : `the file begins with <${name}>; expected <log>, as XES has it`;
    }
    this.#elements += 1;
    const { name, attributes, place } = start;
    this.#open.push({ name, attributes, children: [], place });
    return this.#elements > elementsOfTraceMax
      ? `a trace has more than ${elementsOfTraceMax} elements`
      : undefined;
  }

  close(): void {
    const element = this.#open.pop();
    if (!element) return;
    const around = this.#open.at(-1);
    if (around) around.children.push(element);
    else {
      this.done.push(element);
      this.#elements = 0;
    }
  }
}
