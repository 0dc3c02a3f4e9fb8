import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Message, RanStep, Step, StepVersion } from "flyball/client";
import type { ReactNode } from "react";
import { stepQuery } from "../api/steps.ts";
import { formatDuration, formatMoney, formatShare, shortId, textOf } from "../format.ts";
import { Facts, Moment, Panel, Verbatim } from "./basics.tsx";
import { Evidence } from "./evidence.tsx";
import { StatusMark } from "./status.tsx";

type Fact = readonly [name: string, value: ReactNode];

/** What ran at one step: what was asked, of whom, in which versions, what came back, and what it cost. */
export function StepPanel({ run, step }: { run: string; step: Step }) {
  const { data: detail } = useQuery(stepQuery(run, step.path));
  const { value, evidence, ...fields } = step.result ?? {};
  return (
    <Panel
      title={<span className="font-mono">{step.path}</span>}
      actions={<StatusMark status={step.status} />}
      className="self-start"
    >
      <Facts facts={[...factsOf(step), ...(detail ? detailFacts(detail) : [])]} />
      {step.error ? (
        <p className="mx-4 mb-3 rounded-md border border-bad px-3 py-2">
          {step.error.message} <code className="font-mono text-xs">{step.error.code}</code>
        </p>
      ) : null}
      <div className="space-y-3 px-4 pb-4">
        {step.result ? (
          <>
            <h3 className="font-medium">{detail?.model ? "Answer" : "Value"}</h3>
            <Verbatim label={`Value of ${step.path}`}>{textOf(value)}</Verbatim>
          </>
        ) : null}
        {evidence === null || evidence === undefined ? null : (
          <Evidence evidence={evidence} draft={textOf(value)} />
        )}
        {Object.entries(fields).map(([name, field]) =>
          isPlain(field) || name === "tokens" ? null : (
            <details key={name}>
              <summary className="cursor-pointer font-medium">{name}</summary>
              <Verbatim label={`${name} of ${step.path}`}>{textOf(field)}</Verbatim>
            </details>
          ),
        )}
        {detail ? <Asked detail={detail} /> : null}
      </div>
    </Panel>
  );
}

/** Told elsewhere in the panel. */
const shownByDetail = new Set(["model", "provider", "cost"]);

function factsOf(step: Step): readonly Fact[] {
  const { value: _, ...fields } = step.result ?? {};
  return [
    ["Kind", step.kind ?? "–"],
    ["Attempts", String(step.attempts)],
    ["Began", <Moment key="began" iso={step.startedAt} />],
    ...Object.entries(fields).flatMap(([name, field]): Fact[] =>
      isPlain(field) && !shownByDetail.has(name) ? [[name, shown(name, field)]] : [],
    ),
  ];
}

function detailFacts(detail: RanStep): readonly Fact[] {
  const { model, provider, route, cache, cachedFrom, tokens, cost, requests } = detail;
  const facts: (Fact | null)[] = [
    model ? ["Model", provider ? `${provider}/${model}` : model] : null,
    route ? ["Route", `${route.chosen}: ${route.reason}`] : null,
    cost === null && !model ? null : ["Cost", formatMoney(cost)],
    tokens ? ["Tokens", tokensText(tokens)] : null,
    requests === null ? null : ["Requests", String(requests)],
    cache && cache !== "off" ? ["Cache", cacheFact(cache, cachedFrom)] : null,
    detail.erased
      ? ["Erased", `what it saw and answered is not kept; its digest is ${shortId(detail.erased)}`]
      : null,
  ];
  return facts.filter((fact) => fact !== null);
}

function tokensText(tokens: Readonly<Record<string, number>>): string {
  return Object.entries(tokens)
    .map(([part, count]) => `${partNames[part] ?? part} ${count}`)
    .join(", ");
}

const partNames: Readonly<Record<string, string>> = { cacheWrite: "kept in cache" };

function cacheFact(cache: string, from: RanStep["cachedFrom"]): ReactNode {
  if (!from) return cache;
  return (
    <>
      {cache}, from{" "}
      <Link to="/runs/$id" params={{ id: from.runId }} search={{ step: from.path }} className="link">
        {shortId(from.runId)}
      </Link>
      , {formatDuration(from.ageMs)} old
    </>
  );
}

/** The other side of the answer: the words that were sent, how they were asked, and what had failed before. */
function Asked({ detail }: { detail: RanStep }) {
  const { path, prompt, input, parameters, versions, failures } = detail;
  return (
    <>
      {prompt ? <Messages messages={prompt} version={versions.prompt} /> : null}
      {input === null ? null : (
        <details>
          <summary className="cursor-pointer font-medium">Input</summary>
          <Verbatim label={`Input of ${path}`}>{textOf(input)}</Verbatim>
        </details>
      )}
      {failures.length > 0 ? <Failures failures={failures} /> : null}
      {parameters && Object.keys(parameters).length > 0 ? (
        <details>
          <summary className="cursor-pointer font-medium">Parameters</summary>
          <Verbatim label={`Parameters of ${path}`}>{textOf(parameters)}</Verbatim>
        </details>
      ) : null}
      <details>
        <summary className="cursor-pointer font-medium">Versions</summary>
        <Facts
          facts={Object.entries(versions).map(([kind, version]) => [
            kind,
            <VersionOf key={kind} of={version} />,
          ])}
        />
      </details>
    </>
  );
}

function VersionOf({ of: version }: { of: StepVersion }) {
  return (
    <>
      {version.name} <span className="font-mono text-muted">{shortId(version.digest)}</span>
      {version.variant ? ` · variant ${version.variant}, because it ${version.reason ?? "fits"}` : ""}
    </>
  );
}

function Messages({ messages, version }: { messages: readonly Message[]; version: StepVersion | undefined }) {
  return (
    <section aria-label="Prompt" className="space-y-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <h3 className="font-medium">Prompt, as it was sent</h3>
        {version ? (
          <Link to="/assets/$kind/$name" params={{ kind: "prompt", name: version.name }} className="link">
            Versions of {version.name}
          </Link>
        ) : null}
      </div>
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was sent is fixed
        <div key={index}>
          <p className="text-muted text-xs">{message.role}</p>
          {message.content === undefined ? (
            <p className="text-muted">
              {message.characters} characters; not kept here, digest {shortId(message.digest ?? "")}
            </p>
          ) : (
            <Verbatim label={`Message ${index + 1}, ${message.role}`}>{textOf(message.content)}</Verbatim>
          )}
        </div>
      ))}
    </section>
  );
}

function Failures({ failures }: { failures: readonly RanStep["failures"][number][] }) {
  return (
    <section aria-label="Failed attempts">
      <h3 className="font-medium">Failed attempts</h3>
      <ol className="mt-1 space-y-1">
        {failures.map(({ attempt, error, at }) => (
          <li key={attempt}>
            <span className="text-muted">
              {attempt}. <Moment iso={at} />
            </span>{" "}
            {error.message} <code className="font-mono text-xs">{error.code}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function isPlain(field: unknown): boolean {
  return field === null || typeof field !== "object";
}

function shown(name: string, field: unknown): string {
  if (field === null) return "–";
  if (name === "confidence" && typeof field === "number") return formatShare(field);
  return String(field);
}
