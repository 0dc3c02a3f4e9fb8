import { keepPreviousData, QueryClient } from "@tanstack/react-query";

/** A problem document (RFC 9457), as every error of the API is one. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly problems: readonly unknown[];
  constructor(status: number, body: { code?: string; detail?: string; problems?: readonly unknown[] }) {
    super(body.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body.code ?? "UNEXPECTED";
    this.problems = body.problems ?? [];
  }
}

/** A list stands in the address once for each of its values. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export async function get<T>(path: string, query: Query = {}): Promise<T> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => (each === undefined || each === "" ? [] : [[name, String(each)]])),
  );
  const search = new URLSearchParams(given);
  return read(
    await fetch(given.length > 0 ? `${path}?${search}` : path, { headers: { accept: "application/json" } }),
  );
}

/** Each press of a button has its own idempotency key, so that a repeated request is the same command. */
export async function send<T>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body: unknown = {},
): Promise<T> {
  return read(
    await fetch(path, {
      method,
      headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
      body: JSON.stringify(body),
    }),
  );
}

async function read<T>(response: Response): Promise<T> {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiProblem(response.status, body);
  return body;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What cannot be found, or was asked wrongly, is not there the next moment either.
      retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status < 500),
      placeholderData: keepPreviousData,
      staleTime: 1_000,
    },
  },
});

/** How often what changes by itself is asked for again, in milliseconds. */
export const liveEveryMs = 2_000;
