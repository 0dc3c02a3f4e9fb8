import type { Json } from "../base/index.ts";
import { ReleaseMissing } from "../executor/index.ts";
import type { Journal } from "../journal/index.ts";
import { contentsCachedMax } from "./limits.ts";

/** Contents of published assets, by digest. They never change, so those asked last are kept. */
export class Contents {
  readonly #journal: Journal;
  readonly #cache = new Map<string, Json>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  async of(digest: string): Promise<Json> {
    const known = this.#cache.get(digest);
    if (known !== undefined) return known;
    const [event] = await this.#journal.read(`asset/${digest}`);
    if (!event?.data) throw new ReleaseMissing(`Asset ${digest}`);
    const content = event.data.content ?? null;
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size >= contentsCachedMax && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(digest, content);
    return content;
  }
}
