import {
  type InfiniteData,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { get, liveEveryMs, type Page, send } from "./http.ts";

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
] as const;
export type Status = (typeof statuses)[number];

export interface RunRow {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: Status;
  readonly waiting: Waiting | null;
  readonly error: Failure | null;
  readonly parent: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly cost: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface Waiting {
  readonly for: string;
  readonly path?: string;
  readonly key: string | null;
  readonly since: string;
  readonly deadline: string | null;
  readonly dueAt: string | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Run extends RunRow {
  readonly input: unknown;
  readonly output: unknown;
  readonly paused: {
    readonly reason: string;
    readonly by: string | null;
    readonly comment: string | null;
  } | null;
  readonly undo: {
    readonly undone: readonly string[];
    readonly notUndone: readonly { path: string }[];
  } | null;
  readonly forkedFrom: { readonly of: string; readonly from: string } | null;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly path: string;
  readonly kind: string | null;
  readonly status: "running" | "retrying" | "waiting" | "completed" | "skipped" | "failed";
  readonly attempts: number;
  readonly key: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: Failure | null;
  readonly waiting: Waiting | null;
}

export interface RunFilter {
  readonly workflow?: string;
  readonly status?: Status;
  /** In an id, an error, a tag. */
  readonly q?: string;
  /** `tenant=acme`; a run must have all of them. */
  readonly tag?: readonly string[];
  /** US dollars. */
  readonly costMin?: number;
  readonly costMax?: number;
  /** Days (UTC) or moments. */
  readonly from?: string;
  readonly to?: string;
}

const finalStatuses: readonly string[] = ["completed", "failed", "rejected", "cancelled", "expired"];

export function isFinal(status: string): boolean {
  return finalStatuses.includes(status);
}

export function runsQuery(filter: RunFilter) {
  return queryOptions({
    queryKey: ["runs", filter],
    queryFn: () => get<Page<RunRow>>("/v1/runs", { ...filter, limit: 50 }),
    refetchInterval: liveEveryMs,
  });
}

/** All of them, page after page. What came since is looked for as long as only the first page is there. */
export function runPagesQuery(filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: ["runs", "pages", filter],
    queryFn: ({ pageParam }) =>
      get<Page<RunRow>>("/v1/runs", { ...filter, cursor: pageParam, limit: pageParam ? 200 : 100 }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state: { data } }) => (hasOlder(data) ? false : liveEveryMs),
    staleTime: ({ state: { data } }) => (hasOlder(data) ? Number.POSITIVE_INFINITY : 1_000),
  });
}

type RunPages = InfiniteData<Page<RunRow>, string | undefined>;

function hasOlder(data: RunPages | undefined): boolean {
  return (data?.pages.length ?? 0) > 1;
}

/** Lets go of the older pages, so that the first one shows runs as they happen again. */
export function useFollowNewest(filter: RunFilter): () => void {
  const client = useQueryClient();
  const { queryKey } = runPagesQuery(filter);
  return () =>
    client.setQueryData<RunPages>(queryKey, (data) =>
      data && hasOlder(data)
        ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) }
        : data,
    );
}

export function runQuery(id: string) {
  return queryOptions({ queryKey: ["run", id], queryFn: () => get<Run>(`/v1/runs/${id}`) });
}

/** A fact of the run's stream, as the journal has it. */
export interface RunEvent {
  readonly type: string;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export function runEventsQuery(id: string) {
  return queryOptions({
    queryKey: ["run", id, "events"],
    queryFn: () => get<{ readonly items: readonly RunEvent[] }>(`/v1/runs/${id}/events`),
  });
}

/** Asks for the run again whenever its stream has a new event, until it has ended. */
export function useLiveRun(id: string, isLive: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isLive) return;
    const events = new EventSource(`/v1/runs/${id}/events`);
    let timer: number | undefined;
    const changed = () => {
      // A burst of events is one change to look at.
      timer ??= window.setTimeout(() => {
        timer = undefined;
        client.invalidateQueries({ queryKey: ["run", id] });
      }, 100);
    };
    for (const type of eventTypes) events.addEventListener(type, changed);
    return () => {
      events.close();
      window.clearTimeout(timer);
    };
  }, [client, id, isLive]);
}

/** Server-sent events carry their type, so each must be listened to by name. */
const eventTypes = [
  ...["started", "completed", "skipped", "retried", "failed", "waited"].map((verb) => `step.${verb}`),
  ...["suspended", "admitted", "woken", "paused", "resumed", "signalled", "undoing"].map(
    (verb) => `run.${verb}`,
  ),
  ...finalStatuses.map((status) => `run.${status}`),
];

export type RunCommand = "pause" | "resume" | "cancel";

export function useRunCommand(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({
      command,
      ...body
    }: {
      command: RunCommand | "restart";
      from?: string;
      release?: string;
      reason?: string;
    }) => send<Run>("POST", `/v1/runs/${id}/${command}`, body),
    onSettled: () => {
      client.invalidateQueries({ queryKey: ["run", id] });
      client.invalidateQueries({ queryKey: ["runs"] });
    },
  });
}
