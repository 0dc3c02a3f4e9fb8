import type { ControlChange, ControlStore } from "../core/executor/index.ts";

// What the journal's conformance suite needs of the control tables: the simplest table stands for all.

export function assetChange(name: string, value: string): ControlChange {
  return { table: "assets", put: { digest: name, kind: "note", name: value, at: 0 } };
}

export function assetShown(control: ControlStore, name: string): string | undefined {
  return control.asset(name)?.name;
}
