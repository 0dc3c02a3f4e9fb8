import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";

test("a timestamp is true elapsed time, whatever its offset and its form", () => {
  const moment = Date.UTC(2010, 11, 30, 10, 2);
  for (const text of [
    "2010-12-30T11:02:00.000+01:00",
    "2010-12-30T10:02:00Z",
    "2010-12-30t10:02:00z",
    "2010-12-30 11:02:00+01:00",
    "2010-12-30 11:02:00 +0100",
    "2010-12-30 11:02+01",
    "2010-12-30T15:47:00+05:45",
    "2010-12-30T06:32:00-03:30",
    "2010/12/30 10:02:00",
    "2010-12-30 10:02:00 UTC",
    "2010-12-31T00:02:00+14:00",
  ])
    assert.equal(parseTimestamp(text), moment, text);
  assert.equal(parseTimestamp("2010-12-30"), Date.UTC(2010, 11, 30));
  assert.equal(parseTimestamp("2010-12-30T24:00:00Z"), Date.UTC(2010, 11, 31));
  assert.equal(parseTimestamp("2012-02-29"), Date.UTC(2012, 1, 29));
  assert.equal(parseTimestamp("0001-01-01T00:00:00Z"), new Date("0001-01-01T00:00:00Z").getTime());
});

test("finer steps than a millisecond are kept, and written when they are there", () => {
  assert.equal(parseTimestamp("1970-01-01T00:00:00.0005Z"), 0.5);
  assert.equal(parseTimestamp("1970-01-01T00:00:00,25Z"), 250);
  for (const text of ["2010-12-30T10:02:00.123Z", "2010-12-30T10:02:00.123456Z", "1969-12-31T23:59:59.999Z"])
    assert.equal(formatTimestamp(parseTimestamp(text)), text);
});

test("what is no timestamp, or no day of the calendar, is none", () => {
  for (const text of [
    "",
    "yesterday",
    "2010-13-01",
    "2010-02-29",
    "2010-00-10",
    "2010-01-32",
    "30-12-2010",
    "12/30/2010",
    "2010-12-30T25:00",
    "2010-12-30T10:61",
    "2010-12-30T10",
    "2010-12-30T10:02:00+1",
    "2010-12-30T10:02:00Z!",
    "1293703320",
  ])
    assert.ok(Number.isNaN(parseTimestamp(text)), text);
});
