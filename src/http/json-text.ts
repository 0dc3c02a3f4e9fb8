import { jsonDepthMax } from "../core/base/index.ts";

/** Values of one body. More keep the engine busy for longer than others should wait; texts may be long. */
const valuesMax = 100_000;

/**
 * Why a text of JSON cannot be taken in; undefined when it can, as far as this looks. Found before it is
 * parsed, in one pass: what is too deep or too much costs time or the stack, and what a number cannot hold
 * would be changed without a word.
 */
export function jsonProblem(text: string): string | undefined {
  let [depth, values] = [0, 1];
  for (let at = nextToken(text, 0); at < text.length; at = nextToken(text, at)) {
    const token = text.charAt(at);
    if (token === '"') at = endOfString(text, at);
    else if (token === ",") values += 1;
    else if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    else {
      const end = endOfNumber(text, at);
      const problem = end - at < exactDigits ? undefined : numberProblem(text.slice(at, end));
      if (problem) return problem;
      at = end - 1;
    }
    at += 1;
    if (depth > jsonDepthMax) return `it nests deeper than ${jsonDepthMax}`;
    if (values > valuesMax) return `it has more than ${valuesMax} values`;
  }
  return undefined;
}

/** A number shorter than this is finite, and held exactly if it is whole. */
const exactDigits = 5;

const tokens = /["[\]{},\d-]/g;

/** Where the next string, number, bracket or comma is; the end of the text when there is none. */
function nextToken(text: string, from: number): number {
  tokens.lastIndex = from;
  return tokens.test(text) ? tokens.lastIndex - 1 : text.length;
}

/** Where the string that begins here ends; the end of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charAt(escapes - 1) === "\\") escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
  }
  return text.length;
}

const numbers = /[-+.\deE]+/y;

function endOfNumber(text: string, start: number): number {
  numbers.lastIndex = start;
  return numbers.test(text) ? numbers.lastIndex : start + 1;
}

/** Decimals are rounded to the nearest number, as everywhere in JSON; a whole number is exact or refused. */
function numberProblem(digits: string): string | undefined {
  const value = Number(digits);
  if (Math.abs(value) === Number.POSITIVE_INFINITY)
    return `${digits.slice(0, 40)} is more than a number can hold`;
  if (!/^-?\d+$/.test(digits) || BigInt(digits) === BigInt(value)) return undefined;
  return `${digits} is no number that is held exactly; write it as a text`;
}
