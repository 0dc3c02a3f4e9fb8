import type { RemoteContent } from "../content.ts";
import type { Model } from "../model.ts";
import { aiSdkModel, type Dialect, type ProviderDeps } from "./ai-sdk.ts";
import { anthropic } from "./anthropic.ts";
import type { Connections } from "./connections.ts";
import { google } from "./google.ts";
import { openai } from "./openai.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import { isPlain, plainChat } from "./plain-chat.ts";

const dialects: Readonly<Record<RemoteContent["type"], Dialect>> = {
  openai,
  anthropic,
  google,
  "openai-compatible": openaiCompatible,
};

/** Whatever is asked over the network, by the type of its provider. */
export function remoteModel(
  content: RemoteContent,
  deps: ProviderDeps & { readonly connections: Connections },
): Model {
  const model = aiSdkModel(content, dialects[content.type], deps);
  if (content.type !== "openai-compatible") return model;
  const plain = plainChat(content, deps);
  return (call) => (isPlain(call) ? plain(call) : model(call));
}
