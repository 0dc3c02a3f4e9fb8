import { ApiProblem } from "flyball/client";
import type { ComponentProps, ReactNode } from "react";
import { formatMoment, formatRelative } from "../format.ts";
import { useNow } from "./now.ts";

const buttonLooks = {
  plain: "border-line bg-panel hover:bg-raised text-ink",
  primary: "border-transparent bg-accent text-accent-ink hover:opacity-90",
  danger: "border-line bg-panel text-bad hover:bg-raised",
} as const;

export function Button({
  look = "plain",
  className = "",
  ...props
}: ComponentProps<"button"> & { look?: keyof typeof buttonLooks }) {
  return (
    <button
      type="button"
      {...props}
      className={`inline-flex min-h-8 items-center gap-1.5 rounded-md border px-3 py-1 font-medium disabled:opacity-50 ${buttonLooks[look]} ${className}`}
    />
  );
}

/** A key of the keyboard, beside the action that it stands for. */
export function Key({ children }: { children: ReactNode }) {
  return (
    <kbd className="rounded border border-current px-1 font-mono text-[0.7rem] leading-4 opacity-75">
      {children}
    </kbd>
  );
}

export function Panel({
  title,
  actions,
  children,
  className = "",
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`min-w-0 rounded-lg border border-line bg-panel ${className}`}>
      {title === undefined ? null : (
        <header className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2">
          <h2 className="font-semibold">{title}</h2>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

export function PageTitle({
  title,
  note,
  actions,
}: {
  title: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="mb-4 flex flex-wrap items-center justify-between gap-3">
      <div>
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {note ? <p className="mt-0.5 text-muted">{note}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </header>
  );
}

/** What an empty page teaches: why there is nothing, and what would change that. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="px-6 py-12 text-center">
      <p className="font-medium">{title}</p>
      {children ? <div className="mx-auto mt-2 max-w-prose text-muted">{children}</div> : null}
    </div>
  );
}

export function Command({ children }: { children: string }) {
  return <code className="rounded bg-raised px-1.5 py-0.5 font-mono text-[0.85em]">{children}</code>;
}

/** An error as the API tells it: what happened, and its stable code. */
export function Problem({ error }: { error: unknown }) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div role="alert" className="m-4 rounded-md border border-bad px-4 py-3">
      <p className="font-medium text-bad">{message}</p>
      {error instanceof ApiProblem ? <p className="mt-1 font-mono text-muted text-xs">{error.code}</p> : null}
    </div>
  );
}

/** Lines where text will stand, of the same height, so that nothing jumps. */
export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="animate-pulse space-y-3 p-4">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <div key={line} className="h-4 rounded bg-raised" />
      ))}
    </div>
  );
}

export function Moment({ iso }: { iso: string | null }) {
  const now = useNow();
  if (!iso) return <span className="text-muted">–</span>;
  return (
    <time dateTime={iso} title={formatMoment(iso)} className="whitespace-nowrap">
      {formatRelative(iso, now)}
    </time>
  );
}

/** Names and values, side by side where there is room. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1.5 px-4 py-3">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Text of a run, a model or a customer: shown as the text that it is. */
export function Verbatim({ children, label }: { children: string; label: string }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="max-h-96 overflow-auto rounded-md bg-raised px-3 py-2"
    >
      <pre className="whitespace-pre-wrap break-words font-mono text-[0.85rem]">{children}</pre>
    </section>
  );
}
