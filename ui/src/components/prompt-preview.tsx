import { useQuery } from "@tanstack/react-query";
import type { AssetVersion, Message, Run, Step } from "flyball/client";
import { useState } from "react";
import { renderQuery } from "../api/drafts.ts";
import { runQuery, runsQuery } from "../api/runs.ts";
import { stepQuery } from "../api/steps.ts";
import { shortId, textOf } from "../format.ts";
import { Panel, Problem, Verbatim } from "./basics.tsx";
import { Changes } from "./changes.tsx";
import { Choice } from "./field.tsx";

/** What a version would say to the model for a run that there was, beside what was sent and answered then. */
export default function PromptPreview({
  name,
  versions,
}: {
  name: string;
  versions: readonly AssetVersion[];
}) {
  const { data: runs } = useQuery(runsQuery({}));
  const [runId, setRunId] = useState("");
  const [version, setVersion] = useState(versions[0]?.digest ?? "");
  const items = runs?.items ?? [];
  return (
    <Panel
      title="Preview on a recorded run"
      actions={
        <span className="flex flex-wrap gap-3">
          <Choice
            name="Version"
            value={version}
            options={versions.map(({ digest, labels }) => [digest, [shortId(digest), ...labels].join(" · ")])}
            onChange={setVersion}
          />
          <Choice
            name="Run"
            value={runId}
            options={[
              ["", "choose one"],
              ...items.map((run) => [run.runId, `${run.workflow} ${shortId(run.runId)}`] as const),
            ]}
            onChange={setRunId}
          />
        </span>
      }
    >
      {runId ? (
        <OnRun key={runId} name={name} version={version} run={runId} />
      ) : (
        <p className="px-4 py-3 text-muted">
          Choose a run: its input fills the variables, and what it was sent stands beside the new words.
        </p>
      )}
    </Panel>
  );
}

function OnRun({ name, version, run: id }: { name: string; version: string; run: string }) {
  const { data: run, error } = useQuery(runQuery(id));
  if (error) return <Problem error={error} />;
  if (!run) return null;
  const asked = run.steps.filter(({ kind }) => kind === "inference");
  return <Variables name={name} version={version} run={run} asked={asked} />;
}

/** The variables begin as the run's input; a step may have been given others, so they can be changed. */
function Variables({
  name,
  version,
  run,
  asked,
}: {
  name: string;
  version: string;
  run: Run;
  asked: readonly Step[];
}) {
  const [text, setText] = useState(() => textOf(run.input));
  const [path, setPath] = useState(asked[0]?.path ?? "");
  const input = objectOf(text);
  return (
    <div className="grid gap-4 p-4 lg:grid-cols-2">
      <div className="space-y-3">
        <label className="block">
          <span className="text-muted">Variables (JSON), begun from the run's input</span>
          <textarea
            value={text}
            onChange={({ target }) => setText(target.value)}
            rows={6}
            spellCheck={false}
            className="mt-1 w-full rounded-md border border-line bg-canvas p-3 font-mono text-[0.85rem]"
          />
        </label>
        {input ? null : <p className="text-bad">This is no JSON object.</p>}
        {asked.length > 1 ? (
          <Choice
            name="Beside the step"
            value={path}
            options={asked.map((step) => [step.path, step.path])}
            onChange={setPath}
          />
        ) : null}
      </div>
      {input ? <Rendered name={name} version={version} input={input} run={run} path={path} /> : null}
    </div>
  );
}

type Input = Readonly<Record<string, unknown>>;

function objectOf(text: string): Input | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function Rendered({
  name,
  version,
  input,
  run,
  path,
}: {
  name: string;
  version: string;
  input: Input;
  run: Run;
  path: string;
}) {
  const rendered = useQuery(renderQuery(name, { version, input, tags: run.tags }));
  const { data: step } = useQuery({ ...stepQuery(run.runId, path), enabled: path !== "" });
  const now = rendered.data ? wordsOf(rendered.data.messages) : undefined;
  const then = step?.prompt ? wordsOf(step.prompt) : undefined;
  if (rendered.error) return <Problem error={rendered.error} />;
  if (now === undefined) return null;
  return (
    <div className="space-y-3">
      <h3 className="font-medium">What the version says</h3>
      <Verbatim label="Rendered prompt">{now}</Verbatim>
      {then === undefined ? null : (
        <>
          <h3 className="font-medium">Against what {path} was sent then</h3>
          {then === now ? (
            <p className="text-muted">The same words.</p>
          ) : (
            <Changes before={then} after={now} />
          )}
        </>
      )}
      {step?.result ? (
        <>
          <h3 className="font-medium">What was answered then</h3>
          <Verbatim label="Recorded answer">{textOf(step.result.value)}</Verbatim>
        </>
      ) : null}
    </div>
  );
}

function wordsOf(messages: readonly Message[]): string {
  return messages.map(({ role, content, digest }) => `${role}: ${textOf(content ?? digest)}`).join("\n\n");
}
