import type { Step } from "../api/runs.ts";
import { formatMoney, formatShare, textOf } from "../format.ts";
import { Facts, Moment, Panel, Verbatim } from "./basics.tsx";
import { StatusMark } from "./status.tsx";

/** What became of one step. */
export function StepPanel({ step }: { run: string; step: Step }) {
  const { value, ...fields } = step.result ?? {};
  return (
    <Panel
      title={<span className="font-mono">{step.path}</span>}
      actions={<StatusMark status={step.status} />}
      className="self-start"
    >
      <Facts
        facts={[
          ["Kind", step.kind ?? "–"],
          ["Attempts", String(step.attempts)],
          ["Began", <Moment key="began" iso={step.startedAt} />],
          ...Object.entries(fields).flatMap(([name, field]) =>
            isPlain(field) ? [[name, shown(name, field)] as const] : [],
          ),
        ]}
      />
      {step.error ? (
        <p className="mx-4 mb-3 rounded-md border border-bad px-3 py-2">
          {step.error.message} <code className="font-mono text-xs">{step.error.code}</code>
        </p>
      ) : null}
      {step.result ? (
        <div className="space-y-3 px-4 pb-4">
          <h3 className="font-medium">Value</h3>
          <Verbatim label={`Value of ${step.path}`}>{textOf(value)}</Verbatim>
          {Object.entries(fields).map(([name, field]) =>
            isPlain(field) ? null : (
              <details key={name}>
                <summary className="cursor-pointer font-medium">{name}</summary>
                <Verbatim label={`${name} of ${step.path}`}>{textOf(field)}</Verbatim>
              </details>
            ),
          )}
        </div>
      ) : null}
    </Panel>
  );
}

function isPlain(field: unknown): boolean {
  return field === null || typeof field !== "object";
}

function shown(name: string, field: unknown): string {
  if (field === null) return "–";
  if (name === "cost" && typeof field === "number") return formatMoney(field);
  if (name === "confidence" && typeof field === "number") return formatShare(field);
  return String(field);
}
