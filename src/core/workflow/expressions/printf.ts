import { display, represent } from "./display.ts";
import { exponentialText, fixedText, floatText, generalText } from "./python-numbers.ts";
import { sliceText, textLength } from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";
import {
  type Arguments,
  Dict,
  isFloat,
  isMapping,
  listItems,
  mappingGet,
  numberIn,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

/** `pattern % value`: a tuple fills the places in turn, a mapping those with names, anything else one. */
export function formatPrintf(run: Run, pattern: string, value: Value): string {
  return new Printf(run, pattern, value).format();
}

/** `pattern | format(a, b)` or `pattern | format(name=a)`. */
export function formatArguments(run: Run, pattern: string, args: Arguments): string {
  if (args.keyword.size === 0) return formatPrintf(run, pattern, new Tuple(args.positional));
  if (args.positional.length > 0) throw run.failure("format takes arguments in order or by name, not both");
  const mapping = new Dict();
  for (const [name, value] of args.keyword) mapping.set(run, name, value);
  return formatPrintf(run, pattern, mapping);
}

interface Place {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly conversion: string;
}

const placePattern = /%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?(.?)/gsu;
const precisionMax = 90;

class Printf {
  private readonly run: Run;
  private readonly pattern: string;
  private readonly mapping: Value | undefined;
  private readonly queue: readonly Value[];
  /** Python minds values without a place, but not of a dict or a list. */
  private readonly allowsRest: boolean;
  private used = 0;

  constructor(run: Run, pattern: string, value: Value) {
    this.run = run;
    this.pattern = pattern;
    this.mapping = isMapping(value) ? value : undefined;
    this.allowsRest = isMapping(value) || listItems(value) !== undefined;
    this.queue = value instanceof Tuple ? value.items : [value];
  }

  format(): string {
    const out = new TextBuilder(this.run);
    let from = 0;
    for (const match of this.pattern.matchAll(placePattern)) {
      out.add(this.pattern.slice(from, match.index));
      from = match.index + match[0].length;
      this.run.spend(1);
      out.add(this.place(match));
    }
    out.add(this.pattern.slice(from));
    if (this.used < this.queue.length && !this.allowsRest)
      throw this.run.failure(`the format has ${this.used} places for ${this.queue.length} values`);
    return out.text();
  }

  private place([, name, flags = "", width = "", precision, conversion = ""]: RegExpMatchArray): string {
    if (conversion === "%") return "%";
    if (conversion === "")
      throw this.run.failure("the format ends within a place; expected a letter such as s or d");
    const place = {
      flags,
      width: width === "*" ? this.count(this.next()) : Number(width),
      precision:
        precision === undefined ? undefined : precision === "*" ? this.count(this.next()) : Number(precision),
      conversion,
    };
    this.run.spendText(place.width);
    if ((place.precision ?? 0) > precisionMax && conversion !== "s")
      throw this.run.failure(`the precision is ${place.precision}; expected at most ${precisionMax}`);
    return this.convert(place, name === undefined ? this.next() : this.named(name));
  }

  private next(): Value {
    const value = this.queue[this.used];
    if (value === undefined)
      throw this.run.failure(`the format has more places than the ${this.queue.length} values`);
    this.used += 1;
    return value;
  }

  private named(name: string): Value {
    const value =
      this.mapping !== undefined && isMapping(this.mapping) ? mappingGet(this.mapping, name) : undefined;
    if (value === undefined) throw this.run.failure(`the format names ${name}, which is not given`);
    return value;
  }

  private count(value: Value): number {
    const number = numberIn(value);
    if (number === undefined || number < 0)
      throw this.run.failure("the width or precision of a format is an int, 0 or more");
    return number;
  }

  private convert(place: Place, value: Value): string {
    if (place.conversion === "s") return this.text(place, display(this.run, value));
    if (place.conversion === "r") return this.text(place, represent(this.run, value));
    if (place.conversion === "a") return this.text(place, asciiText(represent(this.run, value)));
    if (place.conversion === "c") return this.text(place, this.character(value));
    const number = numberIn(value);
    if (number === undefined)
      throw this.run.failure(`%${place.conversion} needs a number, not ${typeName(value)}`);
    if ("diuxXo".includes(place.conversion) && !Number.isFinite(number))
      throw this.run.failure(`%${place.conversion} needs a whole number, not ${floatText(number)}`);
    if ("diu".includes(place.conversion))
      return pad(place, ...signed(place, Math.trunc(number), integerDigits(place, number)));
    if ("xXo".includes(place.conversion)) return this.based(place, value, number);
    if ("fFeEgG".includes(place.conversion))
      return pad(place, ...signed(place, number, floatDigits(place, Math.abs(number))));
    throw this.run.failure(`%${place.conversion} is no place that a format can have`);
  }

  private text(place: Place, text: string): string {
    const cut = place.precision === undefined ? text : sliceText(text, 0, place.precision);
    return pad({ ...place, flags: place.flags.replaceAll("0", "") }, "", cut);
  }

  private character(value: Value): string {
    if (typeof value === "string" && textLength(value) === 1) return value;
    const code = numberIn(value);
    if (code === undefined || isFloat(value) || code < 0 || code > 0x10ffff)
      throw this.run.failure("%c needs one character or its code");
    return String.fromCodePoint(code);
  }

  private based(place: Place, value: Value, number: number): string {
    if (isFloat(value)) throw this.run.failure(`%${place.conversion} needs an int, not a float`);
    const isOctal = place.conversion === "o";
    const prefix = place.flags.includes("#") ? (isOctal ? "0o" : `0${place.conversion}`) : "";
    const digits = Math.abs(number)
      .toString(isOctal ? 8 : 16)
      .padStart(place.precision ?? 0, "0");
    const [sign] = signed(place, number, "");
    return pad(place, sign + prefix, place.conversion === "X" ? digits.toUpperCase() : digits);
  }
}

function asciiText(text: string): string {
  const escapeCode = (code: number) =>
    code <= 0xff
      ? `\\x${code.toString(16)}`
      : code <= 0xffff
        ? `\\u${code.toString(16).padStart(4, "0")}`
        : `\\U${code.toString(16).padStart(8, "0")}`;
  return text.replace(/[^\0-\x7f]/gu, (character) => escapeCode(character.codePointAt(0) ?? 0));
}

function integerDigits({ precision }: Place, number: number): string {
  return BigInt(Math.trunc(Math.abs(number)))
    .toString()
    .padStart(precision ?? 0, "0");
}

function floatDigits({ conversion, precision = 6, flags }: Place, magnitude: number): string {
  const lower = conversion.toLowerCase();
  const text = !Number.isFinite(magnitude)
    ? floatText(magnitude)
    : lower === "f"
      ? fixedText(magnitude, precision)
      : lower === "e"
        ? exponentialText(magnitude, precision)
        : generalText(magnitude, precision, flags.includes("#"));
  return conversion === lower ? text : text.toUpperCase();
}

function signed({ flags }: Place, number: number, digits: string): [sign: string, digits: string] {
  const isNegative = number < 0 || (Object.is(number, -0) && digits.includes("."));
  return [isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "", digits];
}

function pad({ flags, width }: Place, sign: string, digits: string): string {
  const missing = Math.max(0, width - textLength(sign) - textLength(digits));
  if (flags.includes("-")) return sign + digits + " ".repeat(missing);
  return flags.includes("0") ? sign + "0".repeat(missing) + digits : " ".repeat(missing) + sign + digits;
}
