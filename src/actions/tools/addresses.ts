import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";
import { AddressRefused } from "./errors.ts";

/**
 * Where outgoing calls may go. A name is checked before its address is asked for, and each address at
 * the moment of connecting, so that a name that changes its answer (rebinding) gains nothing.
 *
 *   A1. Host and port must be on the list. `host` stands for the ports 80 and 443, `host:port` for itself.
 *   A2. A private address needs its own `address:port` on the list, or the `name:port` that led to it.
 *   A3. A loopback, link-local, metadata or otherwise special address needs its own `address:port`;
 *       for loopback `localhost:port` will do.
 *   A4. If one of several addresses of a name is refused, the call is.
 */
export interface Destinations {
  /** Throws `AddressRefused` unless the URL's host and port may be called. */
  check(url: URL): void;
  /** Name lookup for a socket to this URL, which gives only addresses that may be called. */
  lookupFor(url: URL): LookupFunction;
}

type AddressClass = "public" | "private" | "loopback" | "special";

export function destinations(
  allowed: readonly string[],
  resolve: LookupFunction = systemLookup,
): Destinations {
  const list = new Set(allowed.flatMap((entry) => entryOf(entry).keys));
  const withPort = new Set(allowed.flatMap((entry) => (entryOf(entry).hasPort ? entryOf(entry).keys : [])));
  const checkAddress = (url: URL, address: string) => {
    const kind = addressClass(address);
    const target = `${address}:${portOf(url)}`;
    const named = withPort.has(hostKey(address, portOf(url)));
    const byName =
      (kind === "private" || (kind === "loopback" && isLocalhost(url))) && withPort.has(keyOf(url));
    if (kind !== "public" && !named && !byName)
      throw new AddressRefused(target, `the address is ${kind}; to allow it, name ${target} in allow.http.`);
  };
  return {
    check(url) {
      if (url.protocol !== "http:" && url.protocol !== "https:")
        throw new AddressRefused(url.protocol, "only http: and https: are called.");
      if (url.username !== "" || url.password !== "")
        throw new AddressRefused(url.host, "a URL with a user name in it is not called; use a header.");
      // A1, and A2 and A3 for hosts that are addresses: a socket to one asks for no lookup.
      if (isIP(hostOf(url)) !== 0) checkAddress(url, hostOf(url));
      if (!list.has(keyOf(url))) throw new AddressRefused(keyOf(url), "name it in allow.http to allow it.");
    },
    lookupFor: (url) => (hostname, options, callback) =>
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error) return callback(error, "");
        const addresses = Array.isArray(found) ? found : [{ address: found, family: isIPv4(found) ? 4 : 6 }];
        try {
          for (const { address } of addresses) checkAddress(url, address); // A4
        } catch (refused) {
          return callback(
            refused instanceof Error ? refused : new AddressRefused(hostname, String(refused)),
            "",
          );
        }
        const [first] = addresses;
        if (options.all || !first) return callback(null, addresses);
        return callback(null, first.address, first.family);
      }),
  };
}

/** `example.com` as the keys of its two usual ports; a spelling such as `2130706433:80` as what it means. */
function entryOf(entry: string): { keys: string[]; hasPort: boolean } {
  const text = entry.trim();
  const url = URL.parse(`http://${isIP(text) === 6 ? `[${text}]` : text}`);
  const isPlain = url && url.pathname === "/" && url.username === "" && url.search === "" && url.hash === "";
  if (!isPlain || !/^(?:[a-z0-9._-]+|[0-9a-f:]+)$/.test(hostOf(url)))
    throw new AddressRefused(entry, "allow.http expects entries such as api.example.com or 127.0.0.1:9100.");
  const port = isIP(text) === 6 ? undefined : /:(\d+)$/.exec(text)?.[1];
  const ports = port === undefined ? [80, 443] : [Number(port)];
  return { keys: ports.map((each) => hostKey(hostOf(url), each)), hasPort: port !== undefined };
}

/** The host as an address is written, and without the dot that ends a full name. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

function hostKey(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function keyOf(url: URL): string {
  return hostKey(hostOf(url), portOf(url));
}

function isLocalhost(url: URL): boolean {
  return hostOf(url) === "localhost";
}

// The IANA registries of special-purpose addresses (RFC 6890 and its updates), and the addresses at
// which clouds tell a machine its own secrets. Anything in IPv6 outside 2000::/3 is special.
const ranges: Record<Exclude<AddressClass, "public">, readonly string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"],
  special: [
    ...["0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"],
    ...[
      "198.51.100.0/24",
      "203.0.113.0/24",
      "224.0.0.0/4",
      "240.0.0.0/4",
      "100.100.100.200/32",
      "168.63.129.16/32",
    ],
    ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fd00:ec2::254/128", "fd20:ce::254/128"],
  ],
};
const globalUnicast = blockList(["2000::/3"]);
const classes = (["special", "loopback", "private"] as const).map((name) => ({
  name,
  list: blockList(ranges[name]),
}));

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", bits] = subnet.split("/");
    list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}

/** What kind of address it is. An IPv4 address in IPv6 dress (`::ffff:127.0.0.1`) is what it is inside. */
export function addressClass(address: string): AddressClass {
  const bare = address.replace(/%.*$/, "");
  const mapped = mappedIPv4(bare);
  if (mapped !== undefined) return addressClass(mapped);
  const family = isIP(bare);
  if (family === 0) return "special";
  const type = family === 4 ? "ipv4" : "ipv6";
  const found = classes.find(({ list }) => list.check(bare, type));
  if (found) return found.name;
  return family === 4 || globalUnicast.check(bare, "ipv6") ? "public" : "special";
}

function mappedIPv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const normal = URL.parse(`http://[${address}]`)?.hostname ?? "";
  const [, high = "", low = ""] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(normal) ?? [];
  if (high === "") return undefined;
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}
