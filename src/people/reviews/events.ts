import type { Json } from "../../core/base/index.ts";

/** Everything that a reviewer sees, copied when the question is asked: what changes later changes no review. */
export interface ReviewRequested {
  readonly run: string;
  readonly path: string;
  readonly workflow: string;
  readonly draft: Json;
  readonly evidence: Json;
  readonly confidence: number | null;
  /** Why a person is asked. */
  readonly reason: "always" | "low confidence" | "no confidence" | "rule";
  readonly instructions: string | null;
  readonly assign: string | null;
  /** Wall-clock milliseconds. */
  readonly deadline: number | null;
}

export type ReviewEvent =
  | { readonly type: "review.requested"; readonly data: ReviewRequested }
  | {
      readonly type: "review.escalated";
      readonly data: { readonly by: string; readonly comment: string | null };
    }
  | { readonly type: "review.decided"; readonly data: ReviewDecided }
  | { readonly type: "review.withdrawn"; readonly data: { readonly reason: string } };

export interface ReviewDecided {
  readonly decision: "approve" | "correct" | "reject";
  /** What was approved or corrected to; null when rejected. */
  readonly value: Json;
  readonly reviewer: string;
  readonly comment: string | null;
}
