import { sameSequence } from "./operations.ts";
import { codePoints, sliceText, textLength } from "./python-text.ts";
import type { Run } from "./run.ts";
import { isInteger, sequenceItems, typeName, type Value } from "./values.ts";

/** `value[start:stop:step]` by Python's rules: missing ends are the value's own, negative ones count from its end. */
export function slice(run: Run, value: Value, start: Value, stop: Value, step: Value): Value {
  const stride = bound(run, step) ?? 1;
  if (stride === 0) throw run.failure("the step of a slice is zero");
  const items = sequenceItems(value);
  if (typeof value !== "string" && !items)
    throw run.failure(`${typeName(value)} cannot be sliced; expected a list or a text`);
  const length = typeof value === "string" ? textLength(value) : (items ?? []).length;
  const [first, last] = clampEnds(length, bound(run, start), bound(run, stop), stride);
  if (typeof value === "string") {
    run.spendText(value.length);
    if (stride === 1) return sliceText(value, first, Math.max(first, last));
    return everyNth(codePoints(value), first, last, stride).join("");
  }
  const picked =
    stride === 1
      ? (items ?? []).slice(first, Math.max(first, last))
      : everyNth(items ?? [], first, last, stride);
  run.spendItems(picked.length);
  return sameSequence(value, picked);
}

function bound(run: Run, value: Value): number | undefined {
  if (value === null) return undefined;
  if (!isInteger(value)) throw run.failure(`a slice is cut at ints, not at ${typeName(value)}`);
  return Number(value);
}

function clampEnds(
  length: number,
  start: number | undefined,
  stop: number | undefined,
  step: number,
): [number, number] {
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (index: number) => Math.min(highest, Math.max(lowest, index < 0 ? index + length : index));
  const [fromDefault, toDefault] = step > 0 ? [lowest, highest] : [highest, lowest];
  return [start === undefined ? fromDefault : clamp(start), stop === undefined ? toDefault : clamp(stop)];
}

function everyNth<Item>(items: readonly Item[], first: number, last: number, step: number): Item[] {
  const picked: Item[] = [];
  for (let index = first; step > 0 ? index < last : index > last; index += step) {
    const item = items[index];
    if (item !== undefined) picked.push(item);
  }
  return picked;
}
