import type { ControlChange, ControlStore } from "../core/executor/index.ts";

// What the journal's conformance suite needs of the control tables: one table stands for all.

export const reviewTable = {
  change: (name: string, value: string): ControlChange => ({
    table: "reviews",
    put: {
      id: name,
      run: "run",
      path: value,
      workflow: "w",
      status: "open",
      assignee: null,
      requestedAt: 0,
      deadline: null,
      escalated: false,
      decidedAt: null,
    },
  }),
  unchange: (name: string): ControlChange => ({ table: "reviews", remove: name }),
};

export function reviewShown(control: ControlStore, name: string): string | undefined {
  return control.review(name)?.path;
}
