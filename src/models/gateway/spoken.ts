import type { ModelCall, ModelReply } from "./model.ts";

/** A call that knows whether something of its answer was heard: from then on nobody else may answer it. */
export function spoken(call: ModelCall): { readonly call: ModelCall; readonly isSpoken: boolean } {
  const { onDelta } = call;
  if (!onDelta) return { call, isSpoken: false };
  let isSpoken = false;
  const heard: ModelCall = {
    ...call,
    onDelta(delta) {
      isSpoken = true;
      onDelta(delta);
    },
  };
  return {
    call: heard,
    get isSpoken() {
      return isSpoken;
    },
  };
}

/** Tells whoever listens an answer that is whole already. */
export function say({ value, toolCalls = [] }: ModelReply, { onDelta, embed }: ModelCall): void {
  if (!onDelta || embed) return;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text !== "") onDelta({ type: "text", text });
  for (const [index, { id, name, arguments: written }] of toolCalls.entries())
    onDelta({ type: "tool_call", index, id, name, arguments: written });
}
