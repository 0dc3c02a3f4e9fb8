import { resolve } from "node:path";
import { formatDuration, formatMoney, InvalidText } from "../core/base/index.ts";
import { type Api, connect, homeOf } from "./connect.ts";
import type { CommonOptions } from "./io.ts";

/** A figure with the bounds of its 95% interval, as the API gives it. */
export interface ShownEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly method: string;
}

/** What a figure is counted in follows from its name. */
export function amount(name: string, value: number): string {
  if (name.startsWith("cost")) return signed(value, formatMoney);
  if (name.startsWith("time")) return signed(value, formatDuration);
  return value.toFixed(4);
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? `-${format(-value)}` : format(value);
}

export function intervalText(name: string, { low, high }: ShownEstimate): string {
  return `${amount(name, low)} to ${amount(name, high)}`;
}

/** Workflow files may be new to the folder, so that there need not be one. */
export async function withFolder<T>(options: CommonOptions, work: (api: Api) => Promise<T>): Promise<T> {
  const api = await connect(homeOf(options), { create: true });
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

/** The owner of the folder may have another working directory. */
export function absolute(named: string): string {
  return /\.[a-z0-9]+$/i.test(named) ? resolve(named) : named;
}

/** Repeated options, each perhaps a list: `--allow a,b --allow c`. */
export function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(",").filter((each) => each !== "")];
}

/** `prompt/draft=canary`, as a member. */
export function versionsOf(written: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    written.map((each) => {
      const [line, version, ...rest] = each.split("=");
      if (!line?.includes("/") || !version || rest.length > 0)
        throw new InvalidText(each, "KIND/NAME=VERSION, such as prompt/draft=canary");
      return [line, version];
    }),
  );
}
