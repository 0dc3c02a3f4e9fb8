import { useMemo } from "react";
import { quotesIn } from "../evidence.ts";
import { textOf } from "../format.ts";
import { Panel, Verbatim } from "./basics.tsx";
import { MarkedText } from "./marked-text.tsx";

/** What the draft rests on: each source, with what the draft took from it marked. */
export function Evidence({ evidence, draft }: { evidence: unknown; draft: string }) {
  if (evidence === null || evidence === undefined) return null;
  const sources = Array.isArray(evidence) ? evidence : [evidence];
  return (
    <Panel title="Evidence">
      {sources.length === 0 ? <p className="px-4 py-3 text-muted">Nothing was found to rest on.</p> : null}
      <ul>
        {sources.map((source, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: evidence is a fixed list of a review
          <li key={index} className="border-line border-b px-4 py-3 last:border-0">
            <Source source={source} draft={draft} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Source({ source, draft }: { source: unknown; draft: string }) {
  const { title, text, sentence, score } = (typeof source === "object" && source ? source : {}) as Record<
    string,
    unknown
  >;
  // A source is a text, a document with one, or a sentence that was taken from one.
  const shown = [source, text, sentence].find((words) => typeof words === "string");
  const parts = useMemo(() => (shown === undefined ? [] : quotesIn(shown, draft)), [shown, draft]);
  if (shown === undefined) return <Verbatim label="Evidence">{textOf(source)}</Verbatim>;
  return (
    <>
      <p className="mb-1 flex justify-between gap-3">
        <strong>{typeof title === "string" ? title : null}</strong>
        {typeof score === "number" ? <span className="text-muted">score {score.toFixed(2)}</span> : null}
      </p>
      <p className="whitespace-pre-wrap break-words">
        <MarkedText parts={parts} />
      </p>
    </>
  );
}
