import { jsonDepthMax } from "../core/base/index.ts";
import { valuesMax } from "./limits.ts";

/**
 * Why a text of JSON cannot be taken in; undefined when it can, as far as this looks. Found before it is
 * parsed, in one pass: what is too deep or too much costs time or the stack, and what a number cannot hold
 * would be changed without a word.
 */
export function jsonProblem(text: string): string | undefined {
  let [depth, values] = [0, 1];
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === code.quote) at = endOfString(text, at);
    else if (sign === code.comma) values += 1;
    else if (sign === code.openList || sign === code.openObject) depth += 1;
    else if (sign === code.closeList || sign === code.closeObject) depth -= 1;
    else if (sign === code.minus || isDigit(sign)) {
      const end = endOfNumber(text, at);
      const problem = end - at < exactDigits ? undefined : numberProblem(text.slice(at, end));
      if (problem) return problem;
      at = end - 1;
    }
    if (depth > jsonDepthMax) return `it nests deeper than ${jsonDepthMax}`;
    if (values > valuesMax) return `it has more than ${valuesMax} values`;
  }
  return undefined;
}

const code = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  openList: 0x5b,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

function isDigit(sign: number): boolean {
  return sign >= 0x30 && sign <= 0x39;
}

/** Where the string that begins here ends; the end of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === 0x5c) escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
  }
  return text.length;
}

/** A number shorter than this is finite, and held exactly if it is whole. */
const exactDigits = 5;

/** Where the run of signs that a number may have ends; what is no number there is left to the parser. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isOfNumber(text.charCodeAt(end))) end += 1;
  return end;
}

function isOfNumber(sign: number): boolean {
  return isDigit(sign) || sign === code.minus || sign === 0x2b || sign === 0x2e || (sign | 0x20) === 0x65;
}

/** Decimals are rounded to the nearest number, as everywhere in JSON; a whole number is exact or refused. */
function numberProblem(digits: string): string | undefined {
  const value = Number(digits);
  if (Math.abs(value) === Number.POSITIVE_INFINITY)
    return `${digits.slice(0, 40)} is more than a number can hold`;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(digits)) return undefined;
  if (BigInt(digits) === BigInt(value)) return undefined;
  return `${digits} is no number that is held exactly; write it as a text`;
}
