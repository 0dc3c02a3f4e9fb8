/** `npm run bench -- NAME …`: each bench is a file of its own, with its own options. */
const benches: Readonly<
  Record<string, { readonly summary: string; load(): Promise<{ main(args: string[]): Promise<void> }> }>
> = {
  engine: { summary: "durable steps per second, beside a bare journal", load: () => import("./engine.ts") },
  peers: { summary: "the same, beside DBOS, Restate and others", load: () => import("./peers/main.ts") },
  gateway: {
    summary: "chat completions through /openai/v1, beside Portkey",
    load: () => import("./gateway/main.ts"),
  },
  console: { summary: "the console before a store of 100,000 runs", load: () => import("./console/main.ts") },
  classifier: { summary: "the local classifier on public data sets", load: () => import("./classifier.ts") },
  governor: { summary: "the demo of the optimizer, over 20 seeds", load: () => import("./governor.ts") },
  optimizer: { summary: "what it proposes and proves, over 20 seeds", load: () => import("./optimizer.ts") },
  retrieval: { summary: "full-text retrieval on public collections", load: () => import("./retrieval.ts") },
  mining: { summary: "reading and mining of large event logs", load: () => import("./mining.ts") },
};

const [name = "", ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench) await (await bench.load()).main(args);
else {
  const lines = Object.entries(benches).map(([key, { summary }]) => `  ${key.padEnd(12)} ${summary}`);
  console.error(
    `usage: npm run bench -- NAME [options]\n\n${lines.join("\n")}\n\nOptions of one: npm run bench -- NAME --help`,
  );
  process.exitCode = name === "" || name === "--help" ? 0 : 2;
}
