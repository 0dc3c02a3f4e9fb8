import { useNavigate } from "@tanstack/react-router";
import type { Workflow } from "flyball/client";
import { useState } from "react";
import { useStartRun } from "../api/workflows.ts";
import { textOf } from "../format.ts";
import { sampleInput } from "../sample.ts";
import { Button, Panel, Problem } from "./basics.tsx";

/** A run by hand: an input as JSON, begun from what the workflow declares. */
export function TestRun({ workflow }: { workflow: Workflow }) {
  const [text, setText] = useState(() => textOf(sampleInput(workflow.document?.input)));
  const start = useStartRun(workflow.name);
  const navigate = useNavigate();
  const input = parsed(text);
  const run = () => {
    if (!input) return;
    start.mutate(
      { input: input.value },
      { onSuccess: ({ runId }) => navigate({ to: "/runs/$id", params: { id: runId } }) },
    );
  };
  return (
    <Panel title="Start a run">
      <div className="space-y-3 p-4">
        <label className="block font-medium" htmlFor="input">
          Input (JSON)
        </label>
        <textarea
          id="input"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && run()}
          rows={10}
          spellCheck={false}
          className="w-full rounded-md border border-line bg-canvas p-3 font-mono text-[0.85rem]"
        />
        {input ? null : <p className="text-bad">This is not JSON.</p>}
        {start.error ? <Problem error={start.error} /> : null}
        <p className="text-muted">It is a real run: its steps do what they do.</p>
        <Button look="primary" onClick={run} disabled={!input || start.isPending}>
          Start
        </Button>
      </div>
    </Panel>
  );
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
