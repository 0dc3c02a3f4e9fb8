import { type RunFilter, statuses } from "./api/runs.ts";

type Search = Readonly<Record<string, unknown>>;

/** The filters that an address has; what it has wrong is left out. Pure. The router keeps what it does not know. */
export function runFilterOf(search: Search): RunFilter {
  const status = statuses.find((known) => known === search.status);
  const tag = [search.tag].flat().filter((each) => typeof each === "string" && /^[^=]+=/.test(each));
  return present({
    workflow: text(search.workflow),
    status,
    q: text(search.q),
    tag: tag.length > 0 ? tag.map(String) : undefined,
    costMin: amount(search.costMin),
    costMax: amount(search.costMax),
    from: day(search.from),
    to: day(search.to),
  });
}

function present(filter: { readonly [Name in keyof RunFilter]: RunFilter[Name] | undefined }): RunFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** The router reads a search of digits alone as a number. */
function text(value: unknown): string | undefined {
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
}

function amount(value: unknown): number | undefined {
  const read = typeof value === "number" || (typeof value === "string" && value !== "") ? Number(value) : NaN;
  return read >= 0 ? read : undefined;
}

function day(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) ? value : undefined;
}
