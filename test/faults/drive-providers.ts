/**
 * `node --expose-gc drive-providers.ts URLS ROUNDS DEADLINE`: asks providers that fail in every way, in every
 * protocol, streaming and not, and tells of each call how it ended, and after each round what memory it left.
 */
import { FlyballError, systemClock } from "../../src/core/base/index.ts";
import type { ModelDelta } from "../../src/models/gateway/index.ts";
import { faultKinds, type ProtocolName } from "../../src/models/gateway/testing/faulty-provider.ts";
import { callOf, gatewayOf } from "../../src/models/gateway/testing.ts";
import { tell } from "./driver.ts";

/** A call that was made, and what came of it. */
export interface Told {
  readonly fault: string;
  readonly model: string;
  readonly stream: boolean;
  /** The code of a typed error, `answer`, or what else was thrown. */
  readonly outcome: string;
  readonly isTyped: boolean;
  readonly tookMs: number;
  /** Characters that a listener heard before it ended. */
  readonly heard: number;
}

const [urlsText = "", rounds = "1", deadline = "1000"] = process.argv.slice(2);
const urls: Record<ProtocolName, string> = JSON.parse(urlsText);
const deadlineMs = Number(deadline);

const models = {
  openai: { type: "openai", url: urls.openai, name: "gpt-5" },
  anthropic: { type: "anthropic", url: urls.anthropic, name: "claude-sonnet-4-5" },
  google: { type: "google", url: urls.google, name: "gemini-2.5-flash" },
  house: { type: "openai-compatible", url: urls.openai, name: "small" },
} as const;

/** A gateway of its own for each call, so that none knows what became of another. */
async function ask(fault: string, provider: keyof typeof models, stream: boolean): Promise<Told> {
  const timeout = fault === "none" ? "60s" : `${deadlineMs}ms`;
  const { name, ...settings } = models[provider];
  const model = `${fault}.${name}`;
  const { gateway, assets } = gatewayOf(
    {
      providers: { [provider]: settings },
      routes: { only: { try: [`${provider}/${model}`], timeout } },
    },
    { clock: systemClock, secrets: () => "key" },
  );
  const asset = assets.find("route", "only");
  if (!asset) throw new TypeError("the route is not there");
  let heard = 0;
  const startedMs = systemClock.monotonic();
  const onDelta = (delta: ModelDelta) => {
    heard += delta.type === "text" ? delta.text.length : 0;
  };
  const ended = await gateway
    .modelOf(asset)(callOf(stream ? { onDelta } : {}))
    .then(
      () => ({ outcome: "answer", isTyped: false }),
      (error: unknown) =>
        error instanceof FlyballError
          ? { outcome: error.code, isTyped: true }
          : { outcome: String(error), isTyped: false },
    );
  const tookMs = Math.round(systemClock.monotonic() - startedMs);
  await gateway.close();
  return { fault, model: `${provider}/${name}`, stream, ...ended, tookMs, heard };
}

const providers = ["openai", "anthropic", "google", "house"] as const;
const calls = (fault: string) =>
  providers.flatMap((provider) => [true, false].map((stream) => () => ask(fault, provider, stream)));

for (let round = 0; round < Number(rounds); round++) {
  // A body without end takes all of a processor: those come one after the other, the others at once.
  const together = faultKinds.filter((fault) => fault !== "huge_body").flatMap(calls);
  // Those without a fault first: they also load the packages of the providers.
  for (const call of calls("none")) tell(await call());
  for (const told of await Promise.all(together.map((call) => call()))) tell(told);
  for (const call of calls("huge_body")) tell(await call());
  globalThis.gc?.();
  tell({ heapKb: Math.round(process.memoryUsage().heapUsed / 1_024) });
}
