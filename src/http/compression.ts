import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";
import { LRUCache } from "lru-cache";
import { compressedBytesMin, compressedKeptBytesMax } from "./limits.ts";

const compressors = {
  // Between 4 and 6 it takes gzip's time and gives less.
  br: (bytes: Uint8Array) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Uint8Array) => promisify(gzip)(bytes),
} as const;

type Encoding = keyof typeof compressors;

/** What is made whole before it is sent; events and lines go out as they come. */
const whole = /^(?:application\/(?:problem\+)?json|text\/(?:html|css|javascript)|image\/svg\+xml)\b/;

/** Compresses what is large enough, off this thread. `isKept` is for files, which are the same for everybody. */
export function compression({ isKept = false } = {}): MiddlewareHandler {
  const kept = new LRUCache<string, Uint8Array<ArrayBuffer>>({
    maxSize: compressedKeptBytesMax,
    sizeCalculation: (bytes) => bytes.length,
  });
  return async (context, next) => {
    await next();
    const { res } = context;
    if (!whole.test(res.headers.get("content-type") ?? "") || res.headers.has("content-encoding")) return;
    context.header("vary", "Accept-Encoding");
    const encoding = encodingOf(context.req.header("accept-encoding") ?? "");
    if (!encoding) return;
    const bytes = new Uint8Array(await res.arrayBuffer());
    const tag = res.headers.get("etag");
    const key = isKept && tag ? `${encoding} ${tag}` : undefined;
    const before = key === undefined ? undefined : kept.get(key);
    const isSmall = bytes.length < compressedBytesMin;
    const sent = isSmall ? bytes : (before ?? new Uint8Array(await compressors[encoding](bytes)));
    if (key !== undefined && !isSmall) kept.set(key, sent);
    const headers = new Headers(context.res.headers);
    headers.set("content-length", String(sent.length));
    if (!isSmall) {
      headers.set("content-encoding", encoding);
      // Other bytes are another representation, and a strong tag is of one.
      if (tag) headers.set("etag", tag.replace(/"$/, `-${encoding}"`));
    }
    context.res = undefined;
    context.res = new Response(sent, { status: res.status, headers });
  };
}

/** The one that is wanted most, brotli first. */
function encodingOf(accepted: string): Encoding | undefined {
  const weights = new Map(
    accepted.split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
      const weight = parameters.find((each) => each.startsWith("q="))?.slice(2) ?? "1";
      return [name, Number(weight)] as const;
    }),
  );
  const [br, gz] = [weights.get("br") ?? 0, weights.get("gzip") ?? 0];
  if (br > 0 && br >= gz) return "br";
  return gz > 0 ? "gzip" : undefined;
}
