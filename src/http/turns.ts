/** One at a time for each name: who comes while another is under way waits for its end, however that ends. */
export class Turns {
  readonly #open = new Map<string, Promise<unknown>>();

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    for (let before = this.#open.get(name); before; before = this.#open.get(name)) await before;
    const working = work();
    this.#open.set(
      name,
      working.catch(() => {}).finally(() => this.#open.delete(name)),
    );
    return working;
  }
}
