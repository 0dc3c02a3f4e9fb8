import { keepPreviousData, QueryClient } from "@tanstack/react-query";
import { ApiProblem, createClient } from "flyball/client";

/** The API where this page came from: what the console asks, any script can ask. */
export const api = createClient();

/** Each press of a button has its own idempotency key, so that a repeated request is the same command. */
export function pressed(): { readonly key: string } {
  return { key: crypto.randomUUID() };
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
