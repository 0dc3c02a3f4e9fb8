import type { Dialect } from "./ai-sdk.ts";

/**
 * Anthropic's messages; it has no embeddings. An answer under a schema comes by its structured outputs
 * where the model has them, else as the arguments of a tool that the package makes of the schema.
 */
export const anthropic: Dialect = {
  async connect({ model, url, key = "", fetch }) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const provider = createAnthropic({ baseURL: url, apiKey: key, fetch });
    return { chat: provider(model) };
  },
};
