import type { AlertMoment } from "../../core/executor/index.ts";
import type { Condition } from "./state.ts";

/** Facts about an alert, in the stream `alert/ID`. `to`: the names of the receivers that are to be told. */
export type AlertEvent =
  | { readonly type: "alert.raised"; readonly data: Condition & { readonly to: readonly string[] } }
  | { readonly type: "alert.cleared"; readonly data: { readonly to: readonly string[] } }
  | { readonly type: "alert.delivered"; readonly data: Attempt & { readonly status: number } }
  | {
      readonly type: "alert.undelivered";
      /** Without `dueAt` it is given up. */
      readonly data: Attempt & { readonly error: string; readonly dueAt?: number };
    };

interface Attempt {
  readonly moment: AlertMoment;
  readonly receiver: string;
  readonly attempts: number;
}
