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
  const told = (problem: string | undefined) => {
    if (problem) throw reader.problem(problem);
  };
  const reader = new XmlReader(file, {
    leaf: (name, attributes) => told(parts.leaf(name, attributes)),
    open: (name, attributes, place) => told(parts.open({ name, attributes, place, children: [] })),
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

const nothing: readonly XmlElement[] = [];

/** What is wrong with an element is told as a text. */
class Parts {
  readonly done: XmlElement[] = [];
  /** The elements that are open, from the part on; the log itself is not among them. */
  readonly #open: Growing[] = [];
  #isInLog = false;
  #elements = 0;

  leaf(name: string, attributes: readonly string[]): string | undefined {
    if (!this.#isInLog) return this.open({ name, attributes, children: [] });
    this.#elements += 1;
    this.#put({ name, attributes, children: nothing });
    return this.#tooMany();
  }

  open(element: Growing): string | undefined {
    if (!this.#isInLog) {
      this.#isInLog = true;
      this.done.push(element);
      return element.name === "log" ? undefined : `expected <log>, as XES has it, not <${element.name}>`;
    }
    this.#elements += 1;
    this.#open.push(element);
    return this.#tooMany();
  }

  close(): void {
    const element = this.#open.pop();
    if (element) this.#put(element);
  }

  #put(element: XmlElement): void {
    const around = this.#open.at(-1);
    if (around) {
      around.children.push(element);
      return;
    }
    this.done.push(element);
    this.#elements = 0;
  }

  #tooMany(): string | undefined {
    const isTooMany = this.#elements > elementsOfTraceMax;
    return isTooMany ? `a trace has more than ${elementsOfTraceMax} elements` : undefined;
  }
}
