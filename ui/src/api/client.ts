import { keepPreviousData, QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
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

/** Asks for a change; whatever comes of it, what is kept under these keys is asked for again. */
export function useChange<Body, Answer>(
  change: (body: Body) => Promise<Answer>,
  keys: readonly (string | readonly string[])[],
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => {
      for (const key of keys) client.invalidateQueries({ queryKey: [key].flat() });
    },
  });
}
