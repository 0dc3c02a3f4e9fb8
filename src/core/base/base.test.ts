import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AssertionFailed,
  assert as assertThat,
  canonicalJson,
  derivedId,
  errorRecord,
  FlyballError,
  fingerprint,
  formatDuration,
  formatMoney,
  formatShare,
  hasEnded,
  InvalidJson,
  InvalidText,
  jsonDepthMax,
  ManualClock,
  messageOf,
  nearestName,
  Pace,
  parseDuration,
  parseMoney,
  parseShare,
  parseTokenPrice,
  periodOf,
  randomBytes,
  seededRandom,
  sha256,
  sha256Bytes,
  systemClock,
  systemRandom,
  timeOrderedIds,
  toJson,
} from "./index.ts";

test("durations are read in every unit, and a bare number is seconds", () => {
  const cases: [string | number, number][] = [
    ["500ms", 500],
    ["2s", 2_000],
    ["1.5s", 1_500],
    ["3m", 180_000],
    ["4h", 14_400_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1d2h3m4s5ms", 93_784_005],
    [0, 0],
    [2.5, 2_500],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, String(text));
});

test("what is no duration is refused with what was expected", () => {
  for (const text of [
    "",
    "5",
    "s",
    "-2s",
    "1h 30m",
    "2 s",
    "2S",
    "2s!",
    "x2s",
    "1..5s",
    "1e3s",
    -1,
    Number.NaN,
    Infinity,
  ])
    assert.throws(() => parseDuration(text), InvalidText, String(text));
  assert.throws(() => parseDuration("soon"), /"soon" is not a duration such as 500ms, 2s, 4h or 1h30m/);
});

test("durations are written for people", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.123, "0.12 ms"],
    [3.14, "3.1 ms"],
    [850.4, "850 ms"],
    [999.6, "1.0 s"],
    [2_400, "2.4 s"],
    [59_999, "1 m"],
    [185_000, "3 m 5 s"],
    [3_600_000, "1 h"],
    [7_800_000, "2 h 10 m"],
    [273_600_000, "3 d 4 h"],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});

test("money, prices and shares are read and refused", () => {
  assert.deepEqual([parseMoney("$0.01"), parseMoney("3"), parseMoney(0.5)], [0.01, 3, 0.5]);
  assert.equal(parseTokenPrice("$0.15/M"), 0.15 / 1e6);
  assert.equal(parseTokenPrice("$0.15/K"), 0.15 / 1e3);
  assert.equal(parseTokenPrice(3), 3 / 1e6);
  assert.deepEqual(
    [parseShare("70%"), parseShare("0.7"), parseShare(1), parseShare("100%")],
    [0.7, 0.7, 1, 1],
  );
  for (const text of ["", "$", "-1", "1,000", "€5"]) assert.throws(() => parseMoney(text), InvalidText, text);
  for (const text of ["", "$1/B", "1/M/M"]) assert.throws(() => parseTokenPrice(text), InvalidText, text);
  for (const text of ["", "70", "101%", "-1%", "%", "NaN"])
    assert.throws(() => parseShare(text), InvalidText, text);
  assert.deepEqual([0, 0.00123456, 0.5, 12.3456].map(formatMoney), ["$0", "$0.00123", "$0.5", "$12.35"]);
  assert.deepEqual([0, 0.1254, 0.5, 1].map(formatShare), ["0%", "12.5%", "50%", "100%"]);
});

test("toJson passes plain data and drops members that are undefined", () => {
  const value = { a: [1, "x", null, true, { b: [] }], gone: undefined };
  assert.equal(JSON.stringify(toJson(value)), '{"a":[1,"x",null,true,{"b":[]}]}');
  assert.equal(JSON.stringify(toJson(Object.create(null))), "{}");
  assert.ok(Object.is(toJson(-0), 0));
  const named = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
  assert.equal(JSON.stringify(toJson(named)), '{"__proto__":{"a":1},"constructor":2}');
});

test("toJson keeps a member called __proto__ as data", () => {
  const value = toJson(JSON.parse('{"__proto__": {"x": 1}}'));
  assert.equal(JSON.stringify(value), '{"__proto__":{"x":1}}');
  assert.equal(Object.hasOwn({}, "x"), false);
});

test("toJson refuses what JSON would change without saying so, and names the path", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const holes: unknown[] = [1];
  holes[2] = 3;
  const refused: [unknown, string][] = [
    [undefined, "value"],
    [[1, undefined], "value[1]"],
    [holes, "value[1]"],
    [{ a: { b: [Number.NaN] } }, "value.a.b[0]"],
    [Infinity, "value"],
    [{ big: 10n }, "value.big"],
    [{ f: () => 1 }, "value.f"],
    [{ s: Symbol("s") }, "value.s"],
    [{ at: systemRandom.next.bind(null) }, "value.at"],
    [{ map: new Map() }, "value.map"],
    [{ bytes: new Uint8Array(1) }, "value.bytes"],
    [{ error: new InvalidText("x", "y") }, "value.error"],
  ];
  for (const [value, path] of refused)
    assert.throws(
      () => toJson(value),
      (error) => error instanceof InvalidJson && error.path === path,
      path,
    );
  assert.throws(() => toJson(cycle), /nests deeper than 500, or in a cycle/);
});

test("toJson takes what nests as deep as its limit, and nothing deeper", () => {
  const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);
  assert.doesNotThrow(() => toJson(nested(jsonDepthMax)));
  assert.throws(() => toJson(nested(jsonDepthMax + 1)), InvalidJson);
});

test("canonical JSON is one text for one value, whatever the order of its keys", () => {
  const left = { b: [1, { d: null, c: "x" }], a: "é", "10": 1, "9": 2 };
  const right = { "9": 2, a: "é", "10": 1, b: [1, { c: "x", d: null }] };
  assert.equal(canonicalJson(left), canonicalJson(right));
  assert.equal(canonicalJson(left), '{"10":1,"9":2,"a":"é","b":[1,{"c":"x","d":null}]}');
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});

test("the nearest name is found only when it is near", () => {
  const known = ["inference", "retrieval", "human_review", "tool"];
  assert.equal(nearestName("infrence", known), "inference");
  assert.equal(nearestName("HumanReview", known), "human_review");
  assert.equal(nearestName("tol", known), "tool");
  assert.equal(nearestName("zebra", known), undefined);
  assert.equal(nearestName("x", []), undefined);
});

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A clock that reads 4, 3, 2, 1 milliseconds. */
function goingBack(): ManualClock {
  const clock = new ManualClock();
  let ms = 5;
  clock.now = () => --ms;
  return clock;
}

test("time-ordered ids ascend strictly: within a millisecond, past its counter, and when the clock goes back", () => {
  const clock = new ManualClock();
  const newId = timeOrderedIds(clock);
  const ids: string[] = [];
  for (let count = 0; count < 10_000; count++) ids.push(newId());
  clock.advance(1);
  ids.push(newId());
  const back = timeOrderedIds(goingBack());
  const others = [back(), back(), back(), back()];
  for (const list of [ids, others])
    for (let index = 1; index < list.length; index++)
      assert.ok(String(list[index]) > String(list[index - 1]));
  assert.equal(uuid.exec(ids[0] ?? "")?.[1], "7");
});

test("a time-ordered id begins with its milliseconds", () => {
  const clock = new ManualClock(0x123456789abc);
  assert.equal(timeOrderedIds(clock)().slice(0, 13), "12345678-9abc");
});

test("a derived id is stable, and tells its parts apart", () => {
  assert.equal(derivedId("run", "b", "1"), derivedId("run", "b", "1"));
  assert.equal(uuid.exec(derivedId("run"))?.[1], "8");
  const lists = [
    ["ab", "c"],
    ["a", "bc"],
    ["abc"],
    ["a", "b", "c"],
    ["1:a"],
    ["1", "a"],
    [""],
    [],
    ["", ""],
    ["c", "ab"],
  ];
  const ids = new Set(lists.map((parts) => derivedId(...parts)));
  assert.equal(ids.size, lists.length);
});

test("a clock moved by hand fires what falls due, in order of due time, once", () => {
  const clock = new ManualClock(1_000);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}/${clock.monotonic()}`);
  clock.after(300, note("late"));
  clock.after(100, note("early"));
  const takeBack = clock.after(200, note("taken back"));
  clock.after(100, () => clock.after(50, note("nested")));
  takeBack();
  clock.advance(99);
  assert.deepEqual(fired, []);
  clock.advance(101);
  assert.deepEqual(fired, ["early@1100/100", "nested@1150/150"]);
  clock.advance(1_000);
  assert.deepEqual(fired.slice(2), ["late@1300/300"]);
  assert.equal(clock.now(), 2_200);
});

test("the system's timer waits longer than Node's timers can, and can be taken back", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const longest = 2 ** 31 - 1;
  let fired = 0;
  systemClock.after(longest + 5_000, () => fired++);
  const takeBack = systemClock.after(longest + 5_000, () => fired--);
  t.mock.timers.tick(longest);
  takeBack();
  t.mock.timers.tick(4_999);
  assert.equal(fired, 0);
  t.mock.timers.tick(1);
  assert.equal(fired, 1);
  systemClock.after(-5, () => fired++);
  t.mock.timers.tick(0);
  assert.equal(fired, 2);
});

test("long work gives others a turn for each slice of it, and none before", async () => {
  const pace = new Pace(10);
  assert.deepEqual([pace.after(4), pace.after(5)], [undefined, undefined]);
  let others = 0;
  setImmediate(() => others++);
  await pace.after(1);
  assert.equal(others, 1);
  assert.equal(pace.after(9), undefined);
  await pace.after(100);
  assert.equal(pace.after(9), undefined);
});

test("a seed gives the same numbers each time, in [0, 1), spread evenly", () => {
  const first = seededRandom("run/step/1");
  const second = seededRandom("run/step/1");
  const numbers = Array.from({ length: 10_000 }, () => first.next());
  assert.deepEqual(
    numbers.slice(0, 100),
    Array.from({ length: 100 }, () => second.next()),
  );
  assert.notEqual(seededRandom("run/step/2").next(), numbers[0]);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
    assert.ok(Math.abs(share - 0.1) < 0.02, `tenth ${tenth} has ${share}`);
  }
});

test("digests and fingerprints", () => {
  assert.equal(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(sha256Bytes("é").toString("hex"), sha256(Buffer.from("é")));
  assert.match(fingerprint(""), /^[0-9a-f]{16}$/);
  assert.equal(fingerprint('{"a":1}'), fingerprint('{"a":1}'));
});

test("a fingerprint tells near texts apart, a hundred thousand of them", () => {
  const seen = new Set<string>();
  for (let n = 0; n < 50_000; n++) {
    seen.add(fingerprint(`{"value":${n}}`));
    seen.add(fingerprint(`{"value":"row ${n}, item ${n % 7}"}`));
  }
  assert.equal(seen.size, 100_000);
  assert.notEqual(fingerprint("ab"), fingerprint("ba"));
  assert.notEqual(fingerprint("a"), fingerprint("a\u0000"));
});

test("random bytes have the length asked for and do not repeat across refills of the pool", () => {
  const seen = new Set<string>();
  for (let count = 0; count < 3_000; count++) {
    const bytes = randomBytes(16);
    assert.equal(bytes.length, 16);
    seen.add(bytes.toString("hex"));
  }
  assert.equal(seen.size, 3_000);
});

class Slow extends FlyballError {
  readonly code = "SLOW";
  override readonly retry = "server";
}

test("an error's record holds its code, message and retry class, never a stack", () => {
  assert.deepEqual(errorRecord(new Slow("later")), { code: "SLOW", message: "later", retry: "server" });
  assert.deepEqual(errorRecord(new InvalidText("x", "a y")).retry, undefined);
  assert.deepEqual(errorRecord(new TypeError("oops")), { code: "UNEXPECTED", message: "oops" });
  assert.deepEqual(errorRecord("thrown text"), { code: "UNEXPECTED", message: "thrown text" });
  assert.equal(messageOf(undefined), "undefined");
  assert.equal(new Slow("x").name, "Slow");
  assert.throws(() => assertThat(false, "never"), AssertionFailed);
});

test("periods are named and end in UTC; weeks are those of ISO 8601", () => {
  const named = (kind: "day" | "week" | "month" | "total", text: string) => {
    const { name, endsAt } = periodOf(kind, Date.parse(text));
    return [name, endsAt === null ? null : new Date(endsAt).toISOString().slice(0, 16)];
  };
  assert.deepEqual(named("day", "2026-11-25T23:59:59Z"), ["2026-11-25", "2026-11-26T00:00"]);
  assert.deepEqual(named("month", "2026-12-31T12:00:00Z"), ["2026-12", "2027-01-01T00:00"]);
  assert.deepEqual(named("total", "2026-12-31T12:00:00Z"), ["total", null]);
  assert.deepEqual(named("week", "2026-11-25T00:00:00Z"), ["2026-W48", "2026-11-30T00:00"]);
  assert.deepEqual(named("week", "2027-01-03T23:00:00Z"), ["2026-W53", "2027-01-04T00:00"]);
  assert.deepEqual(named("week", "2027-01-04T00:00:00Z"), ["2027-W01", "2027-01-11T00:00"]);
});

test("a period is over once the next one of its kind has begun; the total never is", () => {
  const at = Date.UTC(2027, 0, 4);
  const over = ["2027-01-03", "2026-12", "2026-W53", "2026-01-05"];
  const not = ["2027-01-04", "2027-01", "2027-W01", "total", "house", ""];
  assert.deepEqual(
    over.map((name) => hasEnded(name, at)),
    over.map(() => true),
  );
  assert.deepEqual(
    not.map((name) => hasEnded(name, at)),
    not.map(() => false),
  );
});
