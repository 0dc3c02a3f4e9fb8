import type { RequestListener, Server } from "node:http";
import { type Clock, nextTurn } from "../core/base/index.ts";
import { burstMsMax } from "./limits.ts";

/**
 * Begins no request while connections come in. The event loop accepts one connection a turn, and a turn is as
 * long as the requests that it begins: of 256 that connect together, the last one would wait for 256 such
 * turns, while the first ones are answered again and again. Two turns in a row that bring one are a burst, and
 * one that brings none is its end. To wait after each single connection was tried: at 200 a second beside 32
 * that were kept, half of all requests waited instead of a seventh.
 */
export function beginBetweenBursts(server: Server, clock: Clock, begin: RequestListener): void {
  let isFollowing = false;
  let hasCome = false;
  let held: (() => void)[] | undefined;

  async function turnBringsOne(): Promise<boolean> {
    hasCome = false;
    await nextTurn();
    return hasCome;
  }

  async function follow(): Promise<void> {
    isFollowing = true;
    await nextTurn(); // What is left of the turn that brought the first one.
    if (await turnBringsOne()) await holdThroughBurst();
    isFollowing = false;
  }

  async function holdThroughBurst(): Promise<void> {
    const requests: (() => void)[] = [];
    held = requests;
    const untilMs = clock.monotonic() + burstMsMax;
    while ((await turnBringsOne()) && clock.monotonic() < untilMs);
    held = undefined;
    for (const beginOne of requests) beginOne();
  }

  server.on("connection", () => {
    hasCome = true;
    if (!isFollowing) void follow();
  });
  server.on("request", (request, response) => {
    if (!held) return begin(request, response);
    held.push(() => {
      if (!request.destroyed) begin(request, response);
    });
  });
}
