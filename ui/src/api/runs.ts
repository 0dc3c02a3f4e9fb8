import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiProblem, type Event, type Operations, type RunStatus } from "flyball/client";
import { useEffect } from "react";
import { api, liveEveryMs, pressed } from "./client.ts";

export const statuses = [
  "running",
  "queued",
  "waiting",
  "paused",
  "undoing",
  "completed",
  "failed",
  "rejected",
  "cancelled",
  "expired",
] as const satisfies readonly RunStatus[];

/** Days (UTC) or moments; money in US dollars; of tags, such as `tenant=acme`, a run must have all. */
export type RunFilter = Omit<NonNullable<Operations["GET /v1/runs"]["query"]>, "tag" | "limit" | "cursor"> & {
  readonly tag?: readonly string[] | undefined;
};

const finalStatuses: readonly string[] = ["completed", "failed", "rejected", "cancelled", "expired"];

export function isFinal(status: string): boolean {
  return finalStatuses.includes(status);
}

export function runsQuery(filter: RunFilter) {
  return queryOptions({
    queryKey: ["runs", filter],
    queryFn: () => api.ask("GET /v1/runs", { query: { ...filter, limit: 50 } }),
    refetchInterval: liveEveryMs,
  });
}

/** All of them, page after page. What came since is looked for as long as only the first page is there. */
export function runPagesQuery(filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: ["runs", "pages", filter],
    queryFn: ({ pageParam }) =>
      api.ask("GET /v1/runs", { query: { ...filter, cursor: pageParam, limit: pageParam ? 200 : 100 } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state: { data } }) => (hasOlder(data) ? false : liveEveryMs),
    staleTime: ({ state: { data } }) => (hasOlder(data) ? Number.POSITIVE_INFINITY : 1_000),
  });
}

function hasOlder(data: { readonly pages: readonly unknown[] } | undefined): boolean {
  return (data?.pages.length ?? 0) > 1;
}

/** Lets go of the older pages, so that the first one shows runs as they happen again. */
export function useFollowNewest(filter: RunFilter): () => void {
  const client = useQueryClient();
  const { queryKey } = runPagesQuery(filter);
  return () =>
    client.setQueryData(queryKey, (data) =>
      data && hasOlder(data)
        ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) }
        : data,
    );
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ["run", id],
    queryFn: () => api.ask("GET /v1/runs/{id}", { params: { id } }),
  });
}

export function runEventsQuery(id: string) {
  return queryOptions({
    queryKey: ["run", id, "events"],
    queryFn: () => api.ask("GET /v1/runs/{id}/events", { params: { id } }),
    // Events never change; those that come are added by whoever follows the run.
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
}

/** All that is shown of a run but its events. */
function lookAgain(client: QueryClient, id: string): void {
  client.invalidateQueries({ queryKey: ["run", id], predicate: ({ queryKey }) => queryKey[2] !== "events" });
}

/** Takes in what happens to a run, and asks again what it came to, until it has ended. */
export function useLiveRun(id: string, isLive: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isLive) return;
    const stopped = new AbortController();
    let arrived: Event[] = [];
    let timer: number | undefined;
    const show = () => {
      const more = arrived;
      [timer, arrived] = [undefined, []];
      client.setQueryData(
        runEventsQuery(id).queryKey,
        (before) => before && { items: [...before.items, ...more] },
      );
      lookAgain(client, id);
    };
    void follow(client, id, stopped.signal, (event) => {
      arrived.push(event);
      // A burst of events is one change to look at, and a long run is looked at less often.
      timer ??= window.setTimeout(show, 100 + event.seq / 2);
    });
    return () => {
      stopped.abort();
      window.clearTimeout(timer);
    };
  }, [client, id, isLive]);
}

const reconnectMs = 1_000;

/** Tells of each event after those that are there, and waits for a server that is away for a while. */
async function follow(
  client: QueryClient,
  id: string,
  signal: AbortSignal,
  onEvent: (event: Event) => void,
): Promise<void> {
  for (let after: number | undefined; !signal.aborted; ) {
    try {
      after ??= (await client.ensureQueryData(runEventsQuery(id))).items.at(-1)?.seq ?? 0;
      for await (const event of api.follow(id, { after, signal })) {
        after = event.seq;
        onEvent(event);
      }
    } catch (error) {
      if (error instanceof ApiProblem && error.status < 500) return;
    }
    // A server that goes away may end what it tells like any other answer.
    await new Promise((resolve) => window.setTimeout(resolve, reconnectMs));
  }
}

export type RunCommand =
  | { readonly command: "pause" | "cancel" | "resume" }
  | { readonly command: "restart"; readonly from: string };

export function useRunCommand(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (asked: RunCommand) => {
      const request = { params: { id }, ...pressed() };
      return asked.command === "restart"
        ? api.ask("POST /v1/runs/{id}/restart", { ...request, body: { from: asked.from } })
        : api.ask(`POST /v1/runs/{id}/${asked.command}`, request);
    },
    onSettled: () => {
      lookAgain(client, id);
      client.invalidateQueries({ queryKey: ["runs"] });
    },
  });
}
