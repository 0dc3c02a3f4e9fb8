import type { Dialect } from "./ai-sdk.ts";

/**
 * OpenAI by its chat completions, which our own server and all compatible ones speak too. The other
 * protocol, responses, adds what is the executor's here: state between calls, and tools on their side.
 */
export const openai: Dialect = {
  async connect({ model, url, key = "", fetch }) {
    const { createOpenAI } = await import("@ai-sdk/openai");
    const provider = createOpenAI({ baseURL: url, apiKey: key, fetch });
    return { chat: provider.chat(model), embedding: provider.embeddingModel(model) };
  },
  // Said each time, because newer accounts keep what is asked and answered unless told not to.
  options: (isStrict) => ({
    openai: { store: false, ...(isStrict === undefined ? {} : { strictJsonSchema: isStrict }) },
  }),
};
