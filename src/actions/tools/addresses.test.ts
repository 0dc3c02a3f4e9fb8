import assert from "node:assert/strict";
import type { LookupFunction } from "node:net";
import { test } from "node:test";
import { ManualClock } from "../../core/base/index.ts";
import { addressClass, destinations } from "./addresses.ts";
import { AddressRefused } from "./errors.ts";
import { type HttpClient, httpClient } from "./http.ts";
import { testServer } from "./testing.ts";

const never = new AbortController().signal;

function get(client: HttpClient, url: string) {
  const parsed = new URL(url);
  const label = `GET ${url}`;
  return client.send(
    { method: "GET", url: parsed, headers: {}, body: undefined, timeoutMs: 5_000, label },
    never,
  );
}

/** A resolver that answers what it is told, as a hostile name server would. */
const resolver = (answers: Record<string, string[]>): LookupFunction => {
  return (hostname, _options, callback) => {
    const found = answers[hostname.replace(/\.$/, "")] ?? ["127.0.0.1"];
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
};

const special =
  `0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254
  172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 240.0.0.1
  255.255.255.255 168.63.129.16 :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::7f00:1
  ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1
  fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 nonsense`.split(/\s+/);

test("special addresses are never public", () => {
  for (const address of special) assert.notEqual(addressClass(address), "public", address);
});

test("public addresses are, in every dress", () => {
  const found = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.0.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
  ];
  for (const address of found) assert.equal(addressClass(address), "public", address);
});

test("what is private, loopback and special is told apart", () => {
  assert.equal(addressClass("192.168.0.9"), "private");
  assert.equal(addressClass("fd12::1"), "private");
  assert.equal(addressClass("::ffff:127.0.0.9"), "loopback");
  assert.equal(addressClass("fd00:ec2::254"), "special");
  assert.equal(addressClass("100.100.100.200"), "special");
});

/** Ways to write an address of this machine, and ways to get there; PORT is where the sink listens. */
const forms =
  `http://127.0.0.1:PORT/ http://127.1:PORT/ http://127.0.1:PORT/ http://2130706433:PORT/ http://0x7f000001:PORT/
  http://0x7f.0.0.1:PORT/ http://0x7f.1:PORT/ http://0177.0.0.1:PORT/ http://0177.1:PORT/ http://017700000001:PORT/
  http://0x7F.0x0.0x0.0x1:PORT/ http://127.0.0.01:PORT/ http://127.0x1:PORT/ http://127.000.000.001:PORT/ http://0:PORT/
  http://0.0.0.0:PORT/ http://0.0:PORT/ http://0x0:PORT/ http://00:PORT/ http://127.0.0.2:PORT/ http://127.127.127.127:PORT/
  http://127.0.0.1.:PORT/ http://2130706433.:PORT/ http://localhost:PORT/ http://localhost.:PORT/ http://LOCALHOST:PORT/
  http://LoCaLhOsT.:PORT/ http://foo.localhost:PORT/ http://localhost.localdomain:PORT/ http://ip6-localhost:PORT/
  http://[::1]:PORT/ http://[::]:PORT/ http://[0:0:0:0:0:0:0:1]:PORT/ http://[0000::0001]:PORT/ http://[::127.0.0.1]:PORT/
  http://[::ffff:127.0.0.1]:PORT/ http://[::ffff:7f00:1]:PORT/ http://[::FFFF:7F00:0001]:PORT/ http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/
  http://[::ffff:0.0.0.0]:PORT/ http://[::ffff:0:127.0.0.1]:PORT/ http://[64:ff9b::127.0.0.1]:PORT/ http://[2002:7f00:1::]:PORT/
  http://user@127.0.0.1:PORT/ http://user:word@127.0.0.1:PORT/ http://allowed.example@127.0.0.1:PORT/
  http://allowed.example:80@127.0.0.1:PORT/ http://127.0.0.1:PORT@allowed.example/ http://allowed.example%40127.0.0.1:PORT/
  http://allowed.example#@127.0.0.1:PORT/ http://allowed.example\\@127.0.0.1:PORT/ http://127.0.0.1:PORT\\@allowed.example/
  http://①②⑦.⓪.⓪.①:PORT/ http://127。0。0。1:PORT/ http://127．0．0．1:PORT/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/ http://ｌocalhost:PORT/
  http://loc%61lhost:PORT/ http://%31%32%37.0.0.1:PORT/ http://127.0.0.1%2e:PORT/ http:127.0.0.1:PORT/ http:/127.0.0.1:PORT/
  http:\\\\127.0.0.1:PORT/ http:///127.0.0.1:PORT/ http:////127.0.0.1:PORT/ https://127.0.0.1:PORT/ HTTP://127.0.0.1:PORT/
  http://127.0.0.1:00PORT/ http://127.0.0.1.nip.example:PORT/ http://rebinding.example:PORT/ http://allowed.example:PORT/
  http://allowed.example.evil.example:PORT/ http://evil-allowed.example:PORT/ ws://127.0.0.1:PORT/ ftp://127.0.0.1:PORT/
  file:///etc/passwd gopher://127.0.0.1:PORT/ data:text/plain,x unix:/tmp/socket http://169.254.169.254/latest/meta-data/
  http://[fd00:ec2::254]/ http://metadata.google.internal/ http://0xa9fea9fe/ http://2852039166/ http://100.100.100.200/`
    .trim()
    .split(/\s+/);

test(`${forms.length} ways to write a URL do not reach what is not named`, async () => {
  assert.ok(forms.length >= 60);
  await using sink = await testServer();
  const client = httpClient({
    clock: new ManualClock(),
    allow: ["allowed.example", "elsewhere.example:9"],
    resolve: resolver({}),
  });
  for (const form of forms) {
    const url = form.replaceAll("PORT", String(sink.port));
    if (!URL.canParse(url)) continue;
    await assert.rejects(get(client, url), AddressRefused, url);
  }
  client.close();
  assert.equal(sink.received.length, 0);
});

test("an address that is named is called, however it is written", async () => {
  await using sink = await testServer();
  const client = httpClient({ clock: new ManualClock(), allow: [sink.host], resolve: resolver({}) });
  const spellings = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1."];
  for (const host of spellings) assert.equal((await get(client, `http://${host}:${sink.port}/`)).status, 200);
  for (const host of ["localhost", "[::1]", "127.0.0.2", "[::ffff:127.0.0.1]"])
    await assert.rejects(get(client, `http://${host}:${sink.port}/`), AddressRefused, host);
  await assert.rejects(get(client, `http://127.0.0.1:${sink.port + 1}/`), AddressRefused);
  client.close();
  assert.equal(sink.received.length, spellings.length);
});

test("a name that is allowed cannot lead to this machine", async () => {
  await using sink = await testServer();
  const name = `rebinding.example:${sink.port}`;
  for (const address of ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "169.254.169.254"]) {
    const resolve = resolver({ "rebinding.example": ["8.8.8.8", address] });
    const client = httpClient({ clock: new ManualClock(), allow: [name], resolve });
    await assert.rejects(get(client, `http://${name}/`), AddressRefused, address);
    client.close();
  }
  assert.equal(sink.received.length, 0);
});

test("each connection asks again: an answer that changes gains nothing", async () => {
  await using sink = await testServer((_request, response) => {
    response.setHeader("connection", "close");
    response.end();
  });
  const answers = { "box.example": ["10.1.2.3"] };
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname);
    resolver(answers)(hostname, options, callback);
  };
  const url = new URL(`http://box.example:${sink.port}/`);
  const allowed = destinations([url.host], lookup);
  const found = () =>
    new Promise((resolve, reject) =>
      allowed.lookupFor(url)("box.example", { all: true }, (error, addresses) =>
        error ? reject(error) : resolve(addresses),
      ),
    );
  assert.deepEqual(
    await found(),
    [{ address: "10.1.2.3", family: 4 }],
    "a private address of a name that is named with its port",
  );
  answers["box.example"] = ["127.0.0.1"];
  await assert.rejects(found(), AddressRefused);
  assert.deepEqual(asked, ["box.example", "box.example"]);
});

test("localhost with its port leads to loopback, and nowhere else", async () => {
  await using sink = await testServer();
  const name = `localhost:${sink.port}`;
  const client = httpClient({ clock: new ManualClock(), allow: [name], resolve: resolver({}) });
  assert.equal((await get(client, `http://${name}/`)).status, 200);
  client.close();
  const misled = httpClient({
    clock: new ManualClock(),
    allow: [name],
    resolve: resolver({ localhost: ["169.254.169.254"] }),
  });
  await assert.rejects(get(misled, `http://${name}/`), AddressRefused);
  misled.close();
});

test("a host without a port stands for the usual two; a private one needs its port", () => {
  const { check } = destinations([
    "api.example.com",
    "10.0.0.7",
    "[2606:4700::1]",
    "Bücher.example",
    "10.0.0.8:80",
  ]);
  const allowed = [
    "http://api.example.com/x",
    "https://API.example.com.:443/",
    "https://[2606:4700::1]/",
    "http://10.0.0.8/",
  ];
  for (const url of [...allowed, "https://xn--bcher-kva.example/"])
    assert.doesNotThrow(() => check(new URL(url)), url);
  for (const url of [
    "http://api.example.com:8080/",
    "http://example.com/",
    "http://x.api.example.com/",
    "https://10.0.0.8/",
    "http://10.0.0.7/",
  ])
    assert.throws(() => check(new URL(url)), AddressRefused, url);
});

test("entries that are none are refused at the start", () => {
  for (const entry of [
    "http://a.example",
    "a.example/path",
    "user@a.example",
    "a b",
    "",
    "a.example:port",
    "*",
  ])
    assert.throws(() => destinations([entry]), AddressRefused, entry);
});
