/**
 * tools: what a step may do to the world.
 *
 * What: the kinds `tool` (an HTTP call, or a message into the outbox) and `script` (JavaScript in a
 * sandbox, or a script file as a child process).
 * Owns: where outgoing calls may go, tool and script files as runs pin them, worker threads and child
 * processes. Messages lie on the streams `outbox/RUN`.
 * Promises: calls go only to hosts that are named in `allow.http`, checked at every redirect and at the
 * moment of connecting; secrets reach the request and nothing else; a sandboxed script reaches only its
 * input, within limits of time and memory; a child process sees nothing of our environment, keeps to
 * limits of time and memory, and ends with us, even when we are killed.
 * Read first: `tool.ts`, then `addresses.ts`; `script.ts`, then `sandbox.ts` and `child.ts`.
 */
import type { LookupFunction } from "node:net";
import type { Clock } from "../../core/base/index.ts";
import type { StepContext, StepKind } from "../../core/workflow/index.ts";
import { children } from "./child.ts";
import { type HttpClient, httpClient } from "./http.ts";
import type { Secrets } from "./request.ts";
import { sandbox } from "./sandbox.ts";
import { scriptKind } from "./script.ts";
import { toolKind } from "./tool.ts";

export { destinations } from "./addresses.ts";
export * from "./errors.ts";
export { type HttpClient, httpClient } from "./http.ts";
export type { Secrets } from "./request.ts";
export { loadScript } from "./script.ts";
export { loadTool } from "./tool-file.ts";

export interface ToolsOptions {
  /** For time limits. */
  readonly clock: Clock;
  /**
   * Entries of `allow.http`: `api.example.com` (ports 80 and 443) or `127.0.0.1:9100`; the same for all, or
   * those that a step's run has pinned.
   */
  readonly allowHttp: readonly string[] | ((context: StepContext) => readonly string[]);
  /** The value of a secret; undefined when there is none of that name. */
  readonly secrets: Secrets;
  /** How names become addresses; the system's way when absent. */
  readonly resolve?: LookupFunction;
}

export interface Tools {
  readonly kinds: readonly StepKind[];
  /** Ends connections, threads and children; resolves when they have ended. */
  close(): Promise<void>;
}

/** Throws `AddressRefused` when an entry of `allowHttp` is none. Starts nothing until the first step needs it. */
export function createTools(options: ToolsOptions): Tools {
  const { allowHttp } = options;
  // A kept connection was checked against one list, so each list has connections of its own.
  const clients = new Map<string, HttpClient>();
  const clientFor = (allow: readonly string[]): HttpClient => {
    const key = JSON.stringify(allow);
    const client = clients.get(key) ?? httpClient({ clock: options.clock, allow, resolve: options.resolve });
    clients.set(key, client);
    return client;
  };
  if (typeof allowHttp !== "function") clientFor(allowHttp);
  const http = (context: StepContext) =>
    clientFor(typeof allowHttp === "function" ? allowHttp(context) : allowHttp);
  const scripts = { sandbox: sandbox(options.clock), children: children(options.clock) };
  return {
    kinds: [toolKind({ http, secrets: options.secrets }), scriptKind(scripts)],
    async close() {
      for (const client of clients.values()) client.close();
      await Promise.all([scripts.sandbox.close(), scripts.children.close()]);
    },
  };
}
