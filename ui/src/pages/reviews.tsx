import { useQuery } from "@tanstack/react-query";
import type { ReviewRow } from "flyball/client";
import { useMemo } from "react";
import { reviewsQuery } from "../api/reviews.ts";
import { Command, Empty, Key, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { useKeys } from "../components/keys.ts";
import { ReviewForm } from "../components/review-form.tsx";
import { reviewsRoute } from "../router.tsx";

/** What waits for a person: the list, and the one that is looked at, with everything that it takes to decide. */
export function ReviewsPage() {
  const { review: wanted } = reviewsRoute.useSearch();
  const navigate = reviewsRoute.useNavigate();
  const { data, error, isPending } = useQuery(reviewsQuery("open"));
  const rows = useMemo(() => [...(data?.items ?? [])].sort(byUrgency), [data]);
  const found = rows.findIndex(({ reviewId }) => reviewId === wanted);
  const index = Math.max(0, found);
  const current = wanted && found < 0 ? wanted : rows[index]?.reviewId;
  const show = (row: ReviewRow | undefined) => {
    if (row) navigate({ search: { review: row.reviewId }, replace: true, resetScroll: false });
  };
  const showNext = () => {
    const next = rows[index + 1] ?? rows[index - 1];
    if (next) show(next);
    else navigate({ search: {}, replace: true });
  };
  useKeys({ j: () => show(rows[index + 1]), k: () => show(rows[index - 1]) });
  if (error && !data) return <Problem error={error} />;
  return (
    <>
      <PageTitle
        title="Reviews"
        note={
          <span className="hidden sm:inline">
            <Key>j</Key> next, <Key>k</Key> the one before, <Key>a</Key> approve, <Key>c</Key> correct,{" "}
            <Key>r</Key> reject, <Key>e</Key> escalate
          </span>
        }
      />
      {isPending ? <Loading lines={8} /> : null}
      {!isPending && !current ? <NothingOpen /> : null}
      {current ? (
        <div className="grid items-start gap-4 lg:grid-cols-[18rem_1fr]">
          <Inbox rows={rows} current={current} onChoose={show} />
          <ReviewForm key={current} id={current} onDecided={showNext} />
        </div>
      ) : null}
    </>
  );
}

/** Escalated ones first, then those whose time is up soonest, then the oldest. */
function byUrgency(a: ReviewRow, b: ReviewRow): number {
  if (a.escalated !== b.escalated) return a.escalated ? -1 : 1;
  const due = (row: ReviewRow) => (row.deadline ? Date.parse(row.deadline) : Number.POSITIVE_INFINITY);
  if (due(a) !== due(b)) return due(a) - due(b);
  return a.requestedAt < b.requestedAt ? -1 : 1;
}

function Inbox({
  rows,
  current,
  onChoose,
}: {
  rows: readonly ReviewRow[];
  current: string;
  onChoose: (row: ReviewRow) => void;
}) {
  return (
    <Panel title={`Open (${rows.length >= 200 ? "200+" : rows.length})`} className="max-lg:order-last">
      <ol className="max-h-[70vh] overflow-y-auto">
        {rows.map((row) => (
          <li
            key={row.reviewId}
            className="border-line border-b last:border-0 [contain-intrinsic-size:auto_3.5rem] [content-visibility:auto]"
          >
            <button
              type="button"
              aria-current={row.reviewId === current}
              onClick={() => onChoose(row)}
              className="block w-full px-4 py-2 text-left hover:bg-raised aria-[current=true]:bg-raised"
            >
              <span className="flex justify-between gap-2">
                <span className="truncate font-medium">{row.workflow}</span>
                {row.escalated ? <span className="font-medium text-warn">escalated</span> : null}
              </span>
              <span className="flex justify-between gap-2 text-muted">
                <span className="truncate font-mono text-xs">{row.path}</span>
                <span className="text-xs">
                  {row.deadline ? "due " : ""}
                  <Moment iso={row.deadline ?? row.requestedAt} />
                </span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function NothingOpen() {
  return (
    <Panel>
      <Empty title="Nobody waits for an answer.">
        <p>
          A <Command>human_review</Command> step asks here when its confidence is below its bound, or its
          condition holds.
        </p>
      </Empty>
    </Panel>
  );
}
