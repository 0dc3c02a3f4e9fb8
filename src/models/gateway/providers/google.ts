import type { Dialect } from "./ai-sdk.ts";

/** Gemini's generateContent and embedContent. */
export const google: Dialect = {
  async connect({ model, url, key = "", fetch }) {
    const { createGoogle } = await import("@ai-sdk/google");
    const provider = createGoogle({ baseURL: url, apiKey: key, fetch });
    return { chat: provider(model), embedding: provider.embeddingModel(model) };
  },
};
