import type { Dialect } from "./ai-sdk.ts";

/** Gemini's generateContent and embedContent. */
export const google: Dialect = {
  async connect({ url, key = "", fetch }) {
    const { createGoogle } = await import("@ai-sdk/google");
    const provider = createGoogle({ baseURL: url, apiKey: key, fetch });
    return {
      chat: (model) => provider(model),
      embedding: (model) => provider.embeddingModel(model),
    };
  },
};
