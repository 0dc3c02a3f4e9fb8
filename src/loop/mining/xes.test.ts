import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { type LogUnreadable, readLog, XesWriter } from "./index.ts";
import { elementsOfTraceMax, markupCharsMax, xmlDepthMax } from "./limits.ts";
import { fileOf, placeless } from "./testing.ts";
import { readXes } from "./xes-read.ts";
import type { XmlElement } from "./xml.ts";

async function partsOf(...pieces: string[]): Promise<readonly XmlElement[]> {
  const parts: XmlElement[] = [];
  const given = async function* () {
    yield* pieces;
  };
  for await (const some of readXes("log.xes", given())) parts.push(...some);
  return parts;
}

function written(parts: readonly XmlElement[]): string {
  const writer = new XesWriter();
  return parts.map((part) => writer.part(part)).join("") + writer.end();
}

const sample = `<?xml version="1.0" encoding="UTF-8" ?>
<!-- a comment with <log> and > in it -->
<log xes.version="1.0" xmlns='http://www.xes-standard.org/'>
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="?"/></global>
  <string key="creator" value="a &lt;b&gt; &amp; &quot;c&quot; &#228;&#x1F600; 'd'"/>
  <trace>
    <string key="concept:name" value="1 > 0"/>
    <list key="tags"><values><string key="t" value="one"/><string key="t" value="two"/></values></list>
    <event>
      <string key="concept:name" value="line&#10;break"><int key="meta" value="9007199254740993"/></string>
      <date key="time:timestamp" value="2010-12-30T11:02:00.000+01:00"/>
      <boolean value="true" key="turned"/><float key="f" value="1.50"/><id key="i" value="ß"/>
    </event>
    <event/>
  </trace><![CDATA[ <trace> ]]>
  <event><string key="concept:name" value="alone"/></event>
</log>
`;

test("every part of a log goes over to another file as it was", async () => {
  const parts = await partsOf(sample);
  assert.deepEqual(
    parts.map(({ name }) => name),
    ["log", "extension", "global", "string", "trace", "event"],
  );
  assert.deepEqual(parts[3]?.attributes, ["key", "creator", "value", `a <b> & "c" ä😀 'd'`]);
  const again = await partsOf(written(parts));
  assert.deepEqual(again.map(placeless), parts.map(placeless));
});

test("it makes no difference where a file is cut into pieces", async () => {
  const whole = (await partsOf(sample)).map(placeless);
  assert.deepEqual((await partsOf(...sample)).map(placeless), whole);
  for (let cut = 1; cut < sample.length; cut += 7)
    assert.deepEqual((await partsOf(sample.slice(0, cut), sample.slice(cut))).map(placeless), whole);
});

async function problemOf(...pieces: string[]): Promise<string> {
  return partsOf(...pieces).then(
    () => "no problem",
    (error: LogUnreadable) => {
      assert.equal(error.code, "LOG_UNREADABLE");
      return error.message;
    },
  );
}

test("no DTD is read, and no entity expanded", async () => {
  const bomb =
    '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><log><string key="&b;" value=""/></log>';
  assert.match(await problemOf(`<?xml version="1.0"?>\n${bomb}`), /^log\.xes:2:1: a DTD is not read/);
  assert.match(await problemOf(...bomb), /a DTD is not read/);
  assert.match(
    await problemOf('<log>\n <string key="a" value="&b;"/></log>'),
    /^log\.xes:2:25: "&b;" is no character; entities/,
  );
  for (const value of ["&#0;", "&#xFFFFFF;", "&#55296;", "&amp", "&;", "&constructor;"])
    assert.match(await problemOf(`<log><a v="${value}"/></log>`), /is no character/, value);
});

test("what is not well made is told with its line and column", async () => {
  const problems: readonly [string, RegExp][] = [
    ["<log>\n  <trace>\n  </log>", /^log\.xes:3:3: expected <\/trace>, not <\/log>/],
    ["<log>\n<trace>", /^log\.xes:2:8: the file ends within <trace>; it was cut off/],
    ['<log>\n<trace><string key="a', /^log\.xes:2:8: the file ends within a tag|within <trace>/],
    ["<log/><log/>", /^log\.xes:1:7: <log> stands behind the end/],
    ["</log>", /^log\.xes:1:1: <\/log> closes nothing/],
    ["<html></html>", /^log\.xes:1:1: expected <log>, as XES has it, not <html>/],
    ["", /^log\.xes:1:1: there is no element in it/],
    ["<log><a key=1/></log>", /^log\.xes:1:9: expected an attribute such as key="value"/],
    ['<log><a key="1><b c="d"/></log>', /^log\.xes:1:14: a value may not hold </],
    ["<log>< a/></log>", /^log\.xes:1:6: expected the name of an element/],
  ];
  for (const [text, expected] of problems) {
    assert.match(await problemOf(text), expected, text);
    assert.match(await problemOf(...text), expected, text);
  }
});

test("what a file can make a reader hold has limits", async () => {
  const deep = `<log>${"<a>".repeat(xmlDepthMax)}`;
  assert.match(await problemOf(deep), /deeper than 100/);
  const long = Array.from({ length: 20 }, () => "x".repeat(markupCharsMax / 16));
  assert.match(await problemOf("<log><!--", ...long), /longer than 1048576 characters/);
  assert.match(await problemOf('<log><a b="', ...long), /longer than 1048576 characters/);
  const full = Array.from({ length: 101 }, () => "<a/>".repeat(elementsOfTraceMax / 100));
  assert.match(await problemOf("<log><trace>", ...full), /a trace has more than 2000000 elements/);
});

test("whatever is in a file, it is read or told what is wrong", async (t) => {
  const random = seededRandom("xes");
  const signs = [
    ...`<>/="'&;![]-? \n\t\u0000\u00e4`,
    "<event>",
    "</trace>",
    "<!--",
    "-->",
    "<![CDATA[",
    "&#x1F600;",
  ];
  const pick = (below: number) => Math.floor(random.next() * below);
  let read = 0;
  for (let count = 0; count < 1_500; count++) {
    let text = sample;
    for (let change = pick(4) + 1; change > 0; change--) {
      const at = pick(text.length);
      text = text.slice(0, at) + (signs[pick(signs.length * 2)] ?? "") + text.slice(at + pick(3));
    }
    const cut = pick(text.length);
    const told = await problemOf(text.slice(0, cut), text.slice(cut));
    if (told === "no problem") read += 1;
    else assert.match(told, /^log\.xes:\d+:\d+: /);
    assert.equal(await problemOf(text), told);
  }
  assert.ok(read > 100 && read < 1_400, `${read} were read`);
  t.diagnostic(`${read} of 1500 changed files were still logs`);
});

const traces = (times: readonly string[]) =>
  times.map(
    (time) =>
      `<event><string key="concept:name" value="a"/><date key="time:timestamp" value="${time}"/></event>`,
  );

test("a trace is a case, even with the name of another or none; what belongs to no case is counted", async (t) => {
  const [event = ""] = traces(["2026-01-01T00:00:00Z"]);
  const named = `<trace><string key="concept:name" value="x"/>${event}</trace>`;
  const text = `<log>${named}${named}<trace>${event}<event><string key="other" value="b"/></event></trace>${event}</log>`;
  const { log, notes } = await readLog(fileOf(t, "log.xes", text), { columns: {} });
  assert.deepEqual(log.cases, ["x", "x", "3"]);
  assert.deepEqual([...log.offsets], [0, 1, 2, 3]);
  assert.deepEqual(notes, ["2 events name no activity or stand in no trace and are left out."]);
});

test("a time that is none is told with the place of its event", async (t) => {
  const text = `<log>\n<trace>\n${traces(["2026-01-01T00:00:00Z", "yesterday"]).join("\n")}</trace></log>`;
  const file = fileOf(t, "log.xes", text);
  await assert.rejects(readLog(file, { columns: {} }), {
    code: "LOG_UNREADABLE",
    message: `${file}:4:1: this event: "yesterday" is not a timestamp such as 2026-01-31T09:30:00+01:00`,
  });
});

test("other keys may be named, those of the trace also as tables have them", async (t) => {
  const text = `<log><trace><string key="id" value="7"/><event><string key="who" value="ann"/><string key="task" value="t"/>
<date key="done" value="2026-01-01T00:00:00Z"/></event></trace></log>`;
  const columns = { case: "case:id", activity: "task", timestamp: "done", resource: "who" };
  const { log } = await readLog(fileOf(t, "log.xes.gz", text), { columns });
  assert.deepEqual([log.cases, log.activities, log.resources.slice(1)], [["7"], ["t"], ["ann"]]);
  assert.deepEqual([...log.at], [Date.UTC(2026, 0, 1)]);
});

test("a file says its encoding; a byte that is no text of it is told, and so is a packed file cut off", async (t) => {
  const text = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?>\n<log><trace><event><string key="concept:name" value="Prüfung"/></event></trace></log>`;
  const activitiesOf = async (content: Uint8Array) =>
    (await readLog(fileOf(t, "log.xes", content), { columns: {} })).log.activities;
  assert.deepEqual(await activitiesOf(Buffer.from(text("ISO-8859-1"), "latin1")), ["Prüfung"]);
  assert.deepEqual(await activitiesOf(Buffer.from(`\uFEFF${text("utf-8")}`)), ["Prüfung"]);
  assert.deepEqual(await activitiesOf(Buffer.from(`\uFEFF${text("utf-16")}`, "utf16le")), ["Prüfung"]);
  await assert.rejects(
    activitiesOf(Buffer.from(text("utf-8"), "latin1")),
    /log\.xes:1: from here on, a byte is no UTF-8/,
  );
  await assert.rejects(activitiesOf(Buffer.from(text("x-none"))), /the encoding x-none is not known/);
  const packed = fileOf(t, "a.xes.gz", sample);
  const { readFileSync, writeFileSync } = await import("node:fs");
  writeFileSync(packed, readFileSync(packed).subarray(0, -20));
  await assert.rejects(readLog(packed, { columns: {} }), { code: "LOG_FILE_UNREADABLE" });
  await assert.rejects(
    readLog("/nowhere/log.xes", { columns: {} }),
    /nowhere\/log\.xes: there is no such file/,
  );
});
