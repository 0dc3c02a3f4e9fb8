/**
 * Numbers as Python prints and rounds them. Floats are printed with the fewest digits that give the
 * same double again, which is what both languages do; they differ in when the exponent is written.
 */

/** `repr` of a float: `1.0`, `0.30000000000000004`, `1e+16`, `1e-05`, `inf`, `nan`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "0", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) return sign + withExponent(digits, exponent);
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function withExponent(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${digits[0]}${fraction}e${exponentText(exponent)}`;
}

/** At least two digits and always a sign, as C prints it. */
function exponentText(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/**
 * `'%.Nf'`: the exact decimal value, rounded half to even. `toFixed` is exact too but rounds a tie up,
 * so a tie (all that follows the last digit is `5000…`, which 100 digits show exactly) is taken down
 * when that makes the last digit even.
 *
 * @param decimals 0 to 100
 */
export function fixedText(value: number, decimals: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (!Number.isFinite(value)) return floatText(value);
  if (magnitude >= 1e21) {
    const whole = BigInt(magnitude).toString();
    return sign + (decimals > 0 ? `${whole}.${"0".repeat(decimals)}` : whole);
  }
  const rounded = magnitude.toFixed(decimals);
  if (decimals >= 100) return sign + rounded;
  const exact = magnitude.toFixed(100);
  const cut = exact.length - 100 + decimals;
  const isTie = exact[cut] === "5" && /^0*$/.test(exact.slice(cut + 1));
  const down = decimals === 0 ? exact.slice(0, exact.length - 101) : exact.slice(0, cut);
  return sign + (isTie && Number(down.at(-1)) % 2 === 0 ? down : rounded);
}

/** `round(x, decimals)` of a float: to the double nearest to the decimal text. Decimals may be negative. */
export function roundHalfEven(value: number, decimals: number): number {
  if (!Number.isFinite(value) || decimals > 100) return value;
  if (decimals >= 0) return Number(fixedText(value, decimals));
  const unit = 10 ** -decimals;
  if (!Number.isFinite(unit)) return value < 0 ? -0 : 0;
  return Number(fixedText(value / unit, 0)) * unit;
}

/** `'%.Ne'`. */
export function exponentialText(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  const [mantissa = "0", exponent = "0"] = value.toExponential(decimals).split("e");
  return `${Object.is(value, -0) ? "-" : ""}${mantissa}e${exponentText(Number(exponent))}`;
}

/** `'%.Ng'`: the shorter of fixed and exponential with N significant digits, without trailing zeros. */
export function generalText(value: number, significant: number, keepZeros = false): string {
  if (!Number.isFinite(value)) return floatText(value);
  const digits = Math.max(1, significant);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent >= digits) {
    const [mantissa = "0", rest = "+00"] = exponentialText(value, digits - 1).split("e");
    return `${keepZeros ? mantissa : withoutTrailingZeros(mantissa)}e${rest}`;
  }
  const text = fixedText(value, digits - 1 - exponent);
  return keepZeros ? text : withoutTrailingZeros(text);
}

function withoutTrailingZeros(text: string): string {
  if (!text.includes(".")) return text;
  let end = text.length;
  while (text[end - 1] === "0") end -= 1;
  return text.slice(0, text[end - 1] === "." ? end - 1 : end);
}

/** A decimal text with single underscores between digits, as `int()` and `float()` take it. */
function withoutUnderscores(text: string): string | undefined {
  if (!text.includes("_")) return text;
  return /(?:^|[^0-9a-z])_|__|_(?:$|[^0-9a-z])/i.test(text) ? undefined : text.replaceAll("_", "");
}

/** What `float(text)` gives, or undefined where Python raises. */
export function parseFloatText(text: string): number | undefined {
  const plain = withoutUnderscores(text);
  if (plain === undefined) return undefined;
  if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(plain)) return Number(plain);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(plain);
  if (!special) return undefined;
  if (special[2]?.toLowerCase() === "nan") return Number.NaN;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** What `int(text, base)` gives (perhaps beyond 2^53), or undefined where Python raises. */
export function parseIntegerText(text: string, base: number): number | undefined {
  const plain = withoutUnderscores(text);
  const match = plain === undefined ? null : /^([+-]?)(0[xob])?([0-9a-z]+)$/i.exec(plain);
  if (!match) return undefined;
  const prefixBase = { "0x": 16, "0o": 8, "0b": 2 }[match[2]?.toLowerCase() ?? ""];
  const isPrefix = prefixBase !== undefined && (base === 0 || base === prefixBase);
  const digits = isPrefix ? (match[3] ?? "") : (match[2] ?? "") + match[3];
  const radix = base === 0 ? (prefixBase ?? 10) : base;
  let value = 0;
  for (const digit of digits) {
    const digitValue = Number.parseInt(digit, 36);
    if (Number.isNaN(digitValue) || digitValue >= radix) return undefined;
    value = value * radix + digitValue;
  }
  return match[1] === "-" ? -value : value;
}
