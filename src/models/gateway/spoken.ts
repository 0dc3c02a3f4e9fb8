import type { ModelCall } from "./model.ts";

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
