/**
 * base: small files without opinions.
 *
 * What: time, chance, ids, JSON, hashing, units and the shape of an error.
 * Owns: nothing; it keeps no state but a pool of random bytes.
 * Promises: the only place of the project that reads the clock, draws chance or makes ids
 * (`test/architecture.test.ts` holds this), so everything else can be replayed from a seed.
 */
export * from "./clock.ts";
export * from "./errors.ts";
export { EventLoop } from "./event-loop.ts";
export * from "./fingerprint.ts";
export * from "./ids.ts";
export * from "./json.ts";
export { OneByOne } from "./one-by-one.ts";
export * from "./periods.ts";
export * from "./random.ts";
export * from "./statistics.ts";
export * from "./units.ts";
export { version } from "./version.ts";
