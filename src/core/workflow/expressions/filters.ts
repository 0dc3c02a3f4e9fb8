import { type Filter, filter } from "./filter.ts";
import { escapeFilters } from "./filters-escape.ts";
import { listFilters } from "./filters-lists.ts";
import { numberFilters } from "./filters-numbers.ts";
import { selectFilters } from "./filters-select.ts";
import { textFilters } from "./filters-text.ts";
import { truthy } from "./operations.ts";
import type { Run } from "./run.ts";
import { Undefined, type Value } from "./values.ts";

/** The value, or the default where it is undefined (or, when asked for, false). */
function byDefault(run: Run, value: Value, fallback: Value = "", boolean: Value = false): Value {
  if (value instanceof Undefined) return fallback;
  return truthy(run, boolean) && !truthy(run, value) ? fallback : value;
}

const defaultFilter: Filter = { ...filter("default_value boolean", byDefault), takesUndefined: true };

let filters: ReadonlyMap<string, Filter> | undefined;

/** All filters by name. Made at the first use, because `map` is one of them and looks others up. */
function filterTable(): ReadonlyMap<string, Filter> {
  filters ??= new Map<string, Filter>([
    ...Object.entries({
      ...textFilters,
      ...numberFilters,
      ...listFilters,
      ...selectFilters,
      ...escapeFilters,
    }),
    ["default", defaultFilter],
    ["d", defaultFilter],
  ]);
  return filters;
}

export function filterNamed(name: string): Filter | undefined {
  return filterTable().get(name);
}

export function filterNames(): Iterable<string> {
  return filterTable().keys();
}
