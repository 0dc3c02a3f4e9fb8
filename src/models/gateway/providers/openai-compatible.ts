import type { Dialect } from "./ai-sdk.ts";

/** Any server that speaks OpenAI's chat completions and embeddings: Ollama, vLLM, and many a provider. */
export const openaiCompatible: Dialect = {
  fetchesImages: true,
  endsInOwnWords: true,
  async connect({ provider: name, model, url, key, fetch, structuredOutputs }) {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const provider = createOpenAICompatible({
      name,
      baseURL: url,
      ...(key === undefined ? {} : { apiKey: key }),
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: structuredOutputs,
    });
    return { chat: provider.chatModel(model), embedding: provider.embeddingModel(model) };
  },
  options: (isStrict) => ({ openaiCompatible: isStrict === undefined ? {} : { strictJsonSchema: isStrict } }),
};
