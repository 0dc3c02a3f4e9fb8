import { display } from "./display.ts";
import { exponentialText, fixedText, floatText, generalText } from "./python-numbers.ts";
import { sliceText, textLength } from "./python-text.ts";
import type { Run } from "./run.ts";
import { isFloat, numberIn, typeName, type Value } from "./values.ts";

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const specPattern = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;
const precisionMax = 90;

/** One field of `str.format` by its spec, such as `>10`, `08.3f`, `,` or `.1%`. */
export function formatSpec(run: Run, value: Value, text: string): string {
  if (text === "") return display(run, value);
  const spec = parseSpec(run, text);
  run.spendText(spec.width);
  const number = typeof value === "boolean" && spec.type === "" ? undefined : numberIn(value);
  if (number === undefined) return formatText(run, value, spec);
  const digits =
    isFloat(value) || "eEfFgG%".includes(spec.type || "d")
      ? floatDigits(run, number, value, spec)
      : integerDigits(run, number, spec);
  const sign =
    number < 0 || (Object.is(number, -0) && isFloat(value)) ? "-" : spec.sign === "-" ? "" : spec.sign;
  return pad(sign, grouped(digits, spec), { ...spec, align: spec.align || ">" });
}

function parseSpec(run: Run, text: string): Spec {
  const match = specPattern.exec(text);
  if (!match) throw run.failure(`${JSON.stringify(text)} is no format; expected one such as >10 or .2f`);
  const [, fill, align = "", sign = "", alternate, zero, width = "", grouping = "", precision, type = ""] =
    match;
  const decimals = precision === undefined ? undefined : Number(precision);
  if (type !== "s" && type !== "" && (decimals ?? 0) > precisionMax)
    throw run.failure(`the precision is ${decimals}; expected at most ${precisionMax}`);
  return {
    fill: fill ?? (zero && align === "" ? "0" : zero ? "0" : " "),
    align: align || (zero ? "=" : ""),
    sign,
    alternate: alternate !== undefined,
    width: Number(width),
    grouping,
    precision: decimals,
    type,
  };
}

function formatText(run: Run, value: Value, spec: Spec): string {
  if (spec.type !== "" && spec.type !== "s")
    throw run.failure(`the format ${spec.type} needs a number, not ${typeName(value)}`);
  const text = display(run, value);
  const cut = spec.precision === undefined ? text : sliceText(text, 0, spec.precision);
  return pad("", cut, { ...spec, align: spec.align === "=" || spec.align === "" ? "<" : spec.align });
}

function integerDigits(run: Run, number: number, spec: Spec): string {
  const magnitude = Math.abs(number);
  const prefix = spec.alternate ? `0${spec.type}` : "";
  if (spec.type === "" || spec.type === "d" || spec.type === "n") return String(magnitude);
  if (spec.type === "x") return prefix + magnitude.toString(16);
  if (spec.type === "X") return prefix + magnitude.toString(16).toUpperCase();
  if (spec.type === "o") return prefix + magnitude.toString(8);
  if (spec.type === "b") return prefix + magnitude.toString(2);
  if (spec.type === "c") return String.fromCodePoint(Math.min(magnitude, 0x10ffff));
  throw run.failure(`the format ${spec.type} is not one of an int`);
}

function floatDigits(run: Run, number: number, value: Value, { type, precision, alternate }: Spec): string {
  const magnitude = Math.abs(number);
  if (!Number.isFinite(magnitude)) return floatText(magnitude) + (type === "%" ? "%" : "");
  const lower = type.toLowerCase();
  const text =
    lower === "f"
      ? fixedText(magnitude, precision ?? 6)
      : lower === "e"
        ? exponentialText(magnitude, precision ?? 6)
        : lower === "g" || lower === "n"
          ? generalText(magnitude, precision ?? 6, alternate)
          : lower === "%"
            ? `${fixedText(magnitude * 100, precision ?? 6)}%`
            : lower === ""
              ? plainFloat(magnitude, precision)
              : undefined;
  if (text === undefined) throw run.failure(`the format ${type} needs an int, not ${typeName(value)}`);
  return type === lower ? text : text.toUpperCase();
}

/** Without a type a float keeps at least one decimal. */
function plainFloat(magnitude: number, precision: number | undefined): string {
  if (precision === undefined) return floatText(magnitude);
  const text = generalText(magnitude, precision);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function grouped(digits: string, { grouping }: Spec): string {
  if (grouping === "") return digits;
  const whole = /^\d*/.exec(digits)?.[0] ?? "";
  let out = "";
  for (let index = 0; index < whole.length; index++)
    out += (index > 0 && (whole.length - index) % 3 === 0 ? grouping : "") + whole.charAt(index);
  return out + digits.slice(whole.length);
}

function pad(sign: string, digits: string, { fill, align, width }: Spec): string {
  const missing = Math.max(0, width - textLength(sign) - textLength(digits));
  if (align === "=") return sign + fill.repeat(missing) + digits;
  const left = align === ">" ? missing : align === "^" ? Math.floor(missing / 2) : 0;
  return fill.repeat(left) + sign + digits + fill.repeat(missing - left);
}
