import { labelSetsMax } from "./limits.ts";

/** A metric as Prometheus knows it: a name, what it says, and a value for each set of labels. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Of a histogram: which of its parts this is. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Described<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  value: Value | undefined;
}

/**
 * Values by their labels, one label after the other: to join them into one key took 150 ns a look-up. No more
 * of them than a bound, so whoever makes up names makes no memory.
 */
class Series<Label extends string, Value> {
  readonly #labels: readonly Label[];
  readonly #fresh: () => Value;
  readonly #root: Node<Value> = { children: new Map(), value: undefined };
  readonly #all: { readonly labels: readonly string[]; readonly value: Value }[] = [];

  constructor(labels: readonly Label[], fresh: () => Value) {
    this.#labels = labels;
    this.#fresh = fresh;
  }

  at(labels: readonly string[]): Value {
    let node: Node<Value> | undefined = this.#root;
    for (const label of labels) {
      node = node.children.get(label);
      if (!node) return this.#make(labels);
    }
    return node.value ?? this.#make(labels);
  }

  #make(labels: readonly string[]): Value {
    const isOther = labels.every((label) => label === other);
    if (this.#all.length >= labelSetsMax && !isOther) return this.at(labels.map(() => other));
    const value = this.#fresh();
    let node = this.#root;
    for (const label of labels) {
      const next: Node<Value> = node.children.get(label) ?? { children: new Map(), value: undefined };
      node.children.set(label, next);
      node = next;
    }
    node.value = value;
    this.#all.push({ labels, value });
    return value;
  }

  all(): readonly { readonly labels: Readonly<Record<string, string>>; readonly value: Value }[] {
    return this.#all.map(({ labels, value }) => ({
      labels: Object.fromEntries(this.#labels.map((name, index) => [name, labels[index] ?? ""])),
      value,
    }));
  }
}

const other = "other";

/** Only grows, from the start of the process on. */
export class Counter<Label extends string> {
  readonly #described: Described<Label>;
  readonly #series: Series<Label, { value: number }>;

  constructor(described: Described<Label>) {
    this.#described = described;
    this.#series = new Series(described.labels, () => ({ value: 0 }));
  }

  /** The labels' values, in the order of their names. */
  add(labels: readonly string[], amount = 1): void {
    this.#series.at(labels).value += amount;
  }

  family(): Family {
    const { name, help } = this.#described;
    const samples = this.#series.all().map(({ labels, value: { value } }) => ({ labels, value }));
    return { name, help, type: "counter", samples };
  }
}

interface Observed {
  readonly counts: Float64Array;
  sum: number;
}

export class Histogram<Label extends string> {
  readonly #described: Described<Label>;
  readonly #buckets: readonly number[];
  readonly #series: Series<Label, Observed>;

  constructor(described: Described<Label>, buckets: readonly number[]) {
    this.#described = described;
    this.#buckets = buckets;
    this.#series = new Series(described.labels, () => ({
      counts: new Float64Array(buckets.length + 1),
      sum: 0,
    }));
  }

  observe(labels: readonly string[], value: number): void {
    const observed = this.#series.at(labels);
    let bucket = 0;
    while (bucket < this.#buckets.length && value > Number(this.#buckets[bucket])) bucket += 1;
    observed.counts[bucket] = Number(observed.counts[bucket]) + 1;
    observed.sum += value;
  }

  family(): Family {
    const { name, help } = this.#described;
    const samples = this.#series.all().flatMap(({ labels, value }) => this.#samplesOf(labels, value));
    return { name, help, type: "histogram", samples };
  }

  #samplesOf(labels: Readonly<Record<string, string>>, { counts, sum }: Observed): Sample[] {
    let upTo = 0;
    const buckets = [...counts].map((count, index): Sample => {
      upTo += count;
      const le = index < this.#buckets.length ? String(this.#buckets[index]) : "+Inf";
      return { suffix: "_bucket", labels: { ...labels, le }, value: upTo };
    });
    return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: upTo }];
  }
}
