import { integerArgument, textArgument } from "./calls.ts";
import { type FilterTable, filter } from "./filter.ts";
import { exactInteger, truthy } from "./operations.ts";
import { fixedText, parseFloatText, parseIntegerText, roundHalfEven } from "./python-numbers.ts";
import { strip, stripBoth } from "./python-text.ts";
import type { Run } from "./run.ts";
import { isFloat, makeFloat, numberIn, typeName, type Value } from "./values.ts";

/** Jinja2's filters on numbers. */
export const numberFilters: FilterTable = {
  abs: filter("", (run, value) => {
    const number = needNumber(run, "abs", value);
    return isFloat(value) ? makeFloat(Math.abs(number)) : Math.abs(number);
  }),
  filesizeformat: filter("binary", fileSize),
  float: filter("default", (_run, value, fallback = makeFloat(0)) => toFloat(value) ?? fallback),
  int: filter(
    "default base",
    (run, value, fallback = 0, base) =>
      toInteger(run, value, integerArgument(run, base, "base", 10)) ?? fallback,
  ),
  round: filter("precision method", round),
};

function needNumber(run: Run, name: string, value: Value): number {
  const number = numberIn(value);
  if (number === undefined) throw run.failure(`${name} needs a number, not ${typeName(value)}`);
  return number;
}

function toFloat(value: Value): Value | undefined {
  const number = numberIn(value);
  if (number !== undefined) return makeFloat(number);
  const parsed = typeof value === "string" ? parseFloatText(strip(value, stripBoth)) : undefined;
  return parsed === undefined ? undefined : makeFloat(parsed);
}

/** Of a text the int that it spells, or the whole part of the float that it spells. */
function toInteger(run: Run, value: Value, base: number): number | undefined {
  if (base !== 0 && (base < 2 || base > 36)) throw run.failure(`the base is ${base}; expected 2 to 36`);
  const text = typeof value === "string" ? strip(value, stripBoth) : undefined;
  const number =
    text === undefined ? numberIn(value) : (parseIntegerText(text, base) ?? parseFloatText(text));
  if (number === undefined || !Number.isFinite(number)) return undefined;
  return exactInteger(run, Math.trunc(number));
}

const decimalsMax = 100;

function round(run: Run, value: Value, precision?: Value, method?: Value): Value {
  const number = needNumber(run, "round", value);
  const decimals = integerArgument(run, precision, "precision", 0);
  const how = textArgument(run, method, "method", "common");
  if (Math.abs(decimals) > decimalsMax)
    throw run.failure(`the precision is ${decimals}; expected -100 to 100`);
  if (how === "common") {
    if (isFloat(value)) return makeFloat(roundHalfEven(number, decimals));
    return decimals >= 0 ? number : exactInteger(run, roundHalfEven(number, decimals));
  }
  if (how !== "ceil" && how !== "floor")
    throw run.failure(`the method is ${how}; expected common, ceil or floor`);
  const scale = 10 ** decimals;
  return makeFloat(Math[how](number * scale) / scale);
}

const decimalUnits = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const binaryUnits = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

function fileSize(run: Run, value: Value, binary: Value = false): string {
  const parsed = toFloat(value);
  const bytes = parsed === undefined ? undefined : numberIn(parsed);
  if (bytes === undefined) throw run.failure(`filesizeformat needs a number, not ${typeName(value)}`);
  const base = truthy(run, binary) ? 1024 : 1000;
  const units = base === 1024 ? binaryUnits : decimalUnits;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const power = units.findIndex((_, index) => bytes < base ** (index + 2));
  const index = power < 0 ? units.length - 1 : power;
  return `${fixedText((base * bytes) / base ** (index + 2), 1)} ${units[index]}`;
}
