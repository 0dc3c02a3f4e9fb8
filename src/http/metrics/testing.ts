import assert from "node:assert/strict";

/** Samples by their name with labels, as Prometheus would read them; what it would refuse fails. */
export function parseExposition(text: string): {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: ReadonlyMap<string, number>;
} {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const samples = new Map<string, number>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
    if (help?.[1]) {
      assert.ok(!helps.has(help[1]), `${help[1]} is told once`);
      helps.add(help[1]);
    } else if (type?.[1] && type[2]) {
      current = type[1];
      assert.ok(helps.has(current) && !types.has(current), `${current} has its help before its type, once`);
      types.set(current, type[2]);
    } else readSample(line, current, types.get(current), samples);
  }
  return { types, samples };
}

const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
const sample = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(${label.source}(?:,${label.source})*)\\})? (\\S+)$`,
);

function readSample(
  line: string,
  family: string,
  type: string | undefined,
  samples: Map<string, number>,
): void {
  const match = sample.exec(line);
  assert.ok(match, `not a sample: ${line}`);
  const name = String(match[1]);
  const base = type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
  assert.equal(base, family, `${name} stands under its own type`);
  if (type === "counter") assert.match(name, /_total$/);
  const key = line.slice(0, line.lastIndexOf(" "));
  assert.ok(!samples.has(key), `${key} is told once`);
  const value = Number(match.at(-1));
  assert.ok(!Number.isNaN(value), `${line}: a number`);
  samples.set(key, value);
}
