import assert from "node:assert/strict";
import { FlyballError, type JsonObject } from "../../../core/base/index.ts";
import type { ModelCall, ModelReply } from "../model.ts";
import { callOf, gatewayOf } from "../testing.ts";
import { type FaultyProvider, type Script, startFaultyProvider } from "./faulty-provider.ts";

// A model of every type of provider, all behind one scripted server.

export const models = {
  openai: "openai/gpt-4o",
  anthropic: "anthropic/claude-sonnet-4-5",
  google: "google/gemini-2.5-flash",
  house: "house/small-1",
} as const;
export type Name = keyof typeof models;
export const names: readonly Name[] = ["openai", "anthropic", "google", "house"];

interface Bundle {
  readonly provider: FaultyProvider;
  ask(name: Name, changes?: Partial<ModelCall>): Promise<ModelReply>;
  refused(name: Name, changes: Partial<ModelCall>): Promise<FlyballError>;
  /** What the last request had in its body. */
  sent(): JsonObject;
}

export async function withProviders(
  script: Script,
  use: (bundle: Bundle) => Promise<void>,
  secrets: (name: string) => string | undefined = (name) => `key-of-${name}`,
): Promise<void> {
  const provider = await startFaultyProvider({ script });
  const { urls } = provider;
  const { gateway, assets } = gatewayOf(
    {
      providers: {
        openai: { type: "openai", url: urls.openai },
        anthropic: { type: "anthropic", url: urls.anthropic },
        google: { type: "google", url: urls.google },
        house: { type: "openai-compatible", url: urls.openai },
      },
    },
    { secrets },
  );
  const ask = async (name: Name, changes: Partial<ModelCall> = {}) => {
    const asset = assets.find("model", models[name]);
    assert.ok(asset);
    return gateway.modelOf(asset)(callOf(changes));
  };
  const refused = (name: Name, changes: Partial<ModelCall>) =>
    ask(name, changes).then(
      () => assert.fail("the call answered"),
      (error: unknown) => {
        assert.ok(error instanceof FlyballError, String(error));
        return error;
      },
    );
  try {
    await use({ provider, ask, refused, sent: () => provider.seen.at(-1)?.body ?? {} });
  } finally {
    await provider.close();
  }
}
