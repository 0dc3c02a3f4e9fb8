import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Review } from "flyball/client";
import { useMemo, useRef, useState } from "react";
import { type Decision, reviewQuery, useDecide } from "../api/reviews.ts";
import { formatMoment, formatShare, textOf } from "../format.ts";
import { askedBecause } from "../waits.ts";
import { Button, Facts, Key, Loading, Moment, Panel, Problem, Verbatim } from "./basics.tsx";
import { Changes } from "./changes.tsx";
import { Evidence } from "./evidence.tsx";
import { useKeys } from "./keys.ts";
import { NextSteps } from "./next-steps.tsx";
import { StatusMark } from "./status.tsx";

export function ReviewForm({ id, onDecided }: { id: string; onDecided: () => void }) {
  const { data: review, error, isPending } = useQuery(reviewQuery(id));
  if (error && !review) return <Problem error={error} />;
  if (isPending || !review || review.reviewId !== id) return <Loading lines={10} />;
  return (
    <div className="min-w-0 space-y-4">
      {review.status === "open" ? (
        <OpenReview review={review} onDecided={onDecided} />
      ) : (
        <Decided review={review} />
      )}
      <Evidence evidence={review.evidence} draft={textOf(review.draft)} />
      <NextSteps workflow={review.workflow} path={review.path} />
    </div>
  );
}

function OpenReview({ review, onDecided }: { review: Review; onDecided: () => void }) {
  const draft = textOf(review.draft);
  const [text, setText] = useState<string | null>(null);
  const [comment, setComment] = useState("");
  const editor = useRef<HTMLTextAreaElement>(null);
  const decide = useDecide(review.reviewId);
  const value = text === null ? undefined : readCorrection(text, review.draft);
  const isUnreadable = text !== null && value === undefined;
  const send = (decision: Decision) => {
    if (decide.isPending || (decision === "correct" && value === undefined)) return;
    const corrected = decision === "correct" ? { value } : {};
    decide.mutate({ decision, ...corrected, ...(comment ? { comment } : {}) }, { onSuccess: onDecided });
  };
  const correct = () => {
    setText((before) => before ?? draft);
    // The editor is there only after the next paint.
    requestAnimationFrame(() => editor.current?.focus());
  };
  useKeys({ a: () => send("approve"), c: correct, r: () => send("reject"), e: () => send("escalate") });
  return (
    <Panel title="Draft" actions={<Confidence review={review} />}>
      <About review={review} />
      <div className="space-y-3 px-4 pb-4">
        {text === null ? (
          <Verbatim label="Draft">{draft || "(no draft)"}</Verbatim>
        ) : (
          <>
            <label className="block font-medium" htmlFor="correction">
              Correction
            </label>
            <textarea
              id="correction"
              ref={editor}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send("correct");
                if (event.key === "Escape") setText(null);
              }}
              rows={Math.min(20, Math.max(6, text.split("\n").length + 1))}
              className="w-full rounded-md border border-line bg-canvas p-3 font-mono text-[0.85rem]"
            />
            {isUnreadable ? (
              <p className="text-bad">The draft was no text, so the correction must be JSON.</p>
            ) : null}
            <Changes before={draft} after={text} />
          </>
        )}
        <label className="block">
          <span className="text-muted">Comment (optional; kept in the journal)</span>
          <input
            value={comment}
            onChange={(event) => setComment(event.target.value)}
            maxLength={10_000}
            className="mt-1 w-full rounded-md border border-line bg-canvas px-3 py-1.5"
          />
        </label>
        {decide.error ? <Problem error={decide.error} /> : null}
        <div className="flex flex-wrap gap-2">
          {text === null ? (
            <>
              <Button look="primary" onClick={() => send("approve")} disabled={decide.isPending}>
                Approve <Key>a</Key>
              </Button>
              <Button onClick={correct}>
                Correct <Key>c</Key>
              </Button>
            </>
          ) : (
            <>
              <Button
                look="primary"
                onClick={() => send("correct")}
                disabled={decide.isPending || isUnreadable || text === draft}
              >
                Send correction <Key>Ctrl ⏎</Key>
              </Button>
              <Button onClick={() => setText(null)}>
                Back to the draft <Key>Esc</Key>
              </Button>
            </>
          )}
          <Button look="danger" onClick={() => send("reject")} disabled={decide.isPending}>
            Reject <Key>r</Key>
          </Button>
          <Button onClick={() => send("escalate")} disabled={decide.isPending}>
            Escalate <Key>e</Key>
          </Button>
        </div>
      </div>
    </Panel>
  );
}

/** A text stays text; what was no text must stay what JSON can say. Undefined when it cannot be read. */
function readCorrection(text: string, draft: unknown): unknown {
  if (typeof draft === "string" || draft === null) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function About({ review }: { review: Review }) {
  return (
    <>
      {review.instructions ? <p className="px-4 pt-3 font-medium">{review.instructions}</p> : null}
      <Facts
        facts={[
          ["Asked because", askedBecause(review.reason)],
          [
            "Run",
            <Link key="run" to="/runs/$id" params={{ id: review.runId }} className="link">
              {review.workflow} · <span className="font-mono">{review.path}</span>
            </Link>,
          ],
          ["Asked", <Moment key="asked" iso={review.requestedAt} />],
          ["Due", review.deadline ? <Moment key="due" iso={review.deadline} /> : "no deadline"],
          ["Assigned to", review.assign ?? "anyone"],
        ]}
      />
    </>
  );
}

function Confidence({ review }: { review: Review }) {
  if (review.confidence === null) return <span className="text-muted">confidence not known</span>;
  return <span className="text-muted">confidence {formatShare(review.confidence)}</span>;
}

function Decided({ review }: { review: Review }) {
  const { decision } = review;
  const corrected = useMemo(
    () => (decision?.value === undefined ? null : textOf(decision.value)),
    [decision],
  );
  return (
    <Panel title="Draft" actions={<StatusMark status={review.status} />}>
      <About review={review} />
      <div className="space-y-3 px-4 pb-4">
        <Verbatim label="Draft">{textOf(review.draft)}</Verbatim>
        {decision ? (
          <p>
            <strong>{decision.decision}</strong> by {decision.reviewer}, {formatMoment(decision.at)}
            {decision.comment ? `: ${decision.comment}` : ""}
          </p>
        ) : null}
        {corrected === null || decision?.decision !== "correct" ? null : (
          <Changes before={textOf(review.draft)} after={corrected} />
        )}
      </div>
    </Panel>
  );
}
