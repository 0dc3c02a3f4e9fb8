import { display, represent } from "./display.ts";
import { formatSpec } from "./format-spec.ts";
import { type Run, TextBuilder } from "./run.ts";
import { type Arguments, memberOf, type Value } from "./values.ts";

/**
 * `pattern.format(…)`: `{}`, `{0}`, `{name}`, `{a.b[0]}`, `{:>8.2f}`, `{!r}`. Members are looked up as
 * everywhere else, so a pattern that comes from data reaches nothing but data.
 */
export function formatString(run: Run, pattern: string, args: Arguments): string {
  return new Formatter(run, args).format(pattern, 0);
}

const fieldDepthMax = 2;

class Formatter {
  private readonly run: Run;
  private readonly args: Arguments;
  private nextIndex = 0;

  constructor(run: Run, args: Arguments) {
    this.run = run;
    this.args = args;
  }

  format(pattern: string, depth: number): string {
    const out = new TextBuilder(this.run);
    let at = 0;
    while (at < pattern.length) {
      const brace = nextBrace(pattern, at);
      out.add(pattern.slice(at, brace));
      if (brace >= pattern.length) break;
      if (pattern[brace + 1] === pattern[brace]) {
        out.add(pattern.charAt(brace));
        at = brace + 2;
        continue;
      }
      if (pattern[brace] === "}") throw this.run.failure("a single } stands in the format; expected }}");
      const end = this.fieldEnd(pattern, brace);
      out.add(this.field(pattern.slice(brace + 1, end), depth));
      at = end + 1;
    }
    return out.text();
  }

  private fieldEnd(pattern: string, start: number): number {
    let open = 0;
    for (let at = start; at < pattern.length; at++) {
      if (pattern[at] === "{") open += 1;
      if (pattern[at] === "}") open -= 1;
      if (open === 0) return at;
    }
    throw this.run.failure("a field of the format has no end; expected }");
  }

  private field(text: string, depth: number): string {
    this.run.spend(1);
    if (depth >= fieldDepthMax) throw this.run.failure("fields of the format nest too deep");
    const colon = fieldNameEnd(text);
    const [head, spec] = [text.slice(0, colon), text.slice(colon + 1)];
    const mark = head.indexOf("!");
    const value = this.lookUp(mark < 0 ? head : head.slice(0, mark));
    const conversion = mark < 0 ? "" : head.slice(mark + 1);
    if (!["", "r", "s", "a"].includes(conversion))
      throw this.run.failure(`!${conversion} is no conversion of a format; expected !r or !s`);
    const shown =
      conversion === "" ? value : conversion === "s" ? display(this.run, value) : represent(this.run, value);
    return formatSpec(this.run, shown, spec.includes("{") ? this.format(spec, depth + 1) : spec);
  }

  private lookUp(path: string): Value {
    const match = /^([^.[]*)(.*)$/s.exec(path);
    let value = this.first(match?.[1] ?? "");
    for (const [, dotted, indexed] of (match?.[2] ?? "").matchAll(/\.([^.[]+)|\[([^\][]+)\]/g)) {
      const key = dotted ?? (/^\d+$/.test(indexed ?? "") ? Number(indexed) : (indexed ?? ""));
      const member = memberOf(value, key);
      if (member === undefined) throw this.run.failure(`the format names ${path}, which is undefined`);
      value = member;
    }
    return value;
  }

  private first(name: string): Value {
    const isIndex = /^\d*$/.test(name);
    const index = name === "" ? this.nextIndex++ : Number(name);
    const value = isIndex ? this.args.positional[index] : this.args.keyword.get(name);
    if (value === undefined)
      throw this.run.failure(`the format names ${isIndex ? `value ${index}` : name}, which is not given`);
    return value;
  }
}

function nextBrace(pattern: string, from: number): number {
  let at = from;
  while (at < pattern.length && pattern[at] !== "{" && pattern[at] !== "}") at += 1;
  return at;
}

/** Where the spec of a field begins: at the first colon that is not within brackets. */
function fieldNameEnd(text: string): number {
  let bracketed = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "[") bracketed = true;
    else if (text[at] === "]") bracketed = false;
    else if (text[at] === ":" && !bracketed) return at;
  }
  return text.length;
}
