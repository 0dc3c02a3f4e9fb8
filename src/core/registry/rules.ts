import { isJsonObject, type Json } from "../base/index.ts";
import { ApprovalsMissing, LabelForbidden, LabelInvalid, LabelReserved } from "./errors.ts";

/** Who may move a label, and how many approvals a version needs for it. */
export interface LabelRule {
  readonly approvals: number;
  /** Null: anyone. */
  readonly move: readonly string[] | null;
}

export type LabelRules = Readonly<Record<string, LabelRule>>;

/** Labels that rollouts move: who moves them does so by starting or ending one. */
export const rolloutLabels: readonly string[] = ["canary", "shadow"];
export const productionLabel = "production";
/** Stands for the version that was added last, and so is no label. */
export const newestVersion = "newest";
/** The asset that holds the rules, so that they too have versions, labels and a history. */
export const rulesLine = "policy/labels";

const free: LabelRule = { approvals: 0, move: null };

export function ruleOf(rules: LabelRules, label: string): LabelRule {
  return Object.hasOwn(rules, label) ? (rules[label] ?? free) : free;
}

/** The rules as a settings file or an asset holds them; what they leave out is free. */
export function rulesOf(content: Json): LabelRules {
  if (!isJsonObject(content)) return {};
  return Object.fromEntries(
    Object.entries(content).map(([label, rule]) => {
      const { approvals = 0, move = null } = isJsonObject(rule) ? rule : {};
      return [label, { approvals: Number(approvals), move: Array.isArray(move) ? move.map(String) : null }];
    }),
  );
}

export interface Move {
  readonly line: string;
  readonly label: string;
  readonly digest: string;
  readonly actor: string;
  /** Those who have approved this version for this label, each once. */
  readonly approvers: readonly string[];
}

/** Throws when the rules are against a move. */
export function checkMove(rules: LabelRules, { line, label, digest, actor, approvers }: Move): void {
  checkMover(rules, label, actor);
  const { approvals } = ruleOf(rules, label);
  if (approvers.length < approvals)
    throw new ApprovalsMissing({ line, label, digest, needed: approvals, given: approvers.length });
}

export function checkMover(rules: LabelRules, label: string, actor: string): void {
  const { move } = ruleOf(rules, label);
  if (move && !move.includes(actor)) throw new LabelForbidden(label, actor, move);
}

/** Throws for a label that people cannot move by hand. */
export function checkLabel(label: string): void {
  if (!/^[a-z][a-z0-9_-]{0,49}$/.test(label) || label === newestVersion) throw new LabelInvalid(label);
  if (rolloutLabels.includes(label)) throw new LabelReserved(label);
}
