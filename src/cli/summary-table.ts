import { formatDuration, formatMoney } from "../core/base/index.ts";
import type { Summary } from "../http/index.ts";
import { table } from "./io.ts";

/** A batch's result for people. */
export function summaryTable(summary: Summary): string {
  const parts = [headline(summary), "", table(facts(summary))];
  const steps = stepRows(summary);
  if (steps.length > 1) parts.push("", table(steps, 2));
  if (summary.simulated) parts.push("", "Some answers are SIMULATED: a model with provider `sim` gave them.");
  const { waiting = 0, paused = 0 } = summary.status;
  if (waiting > 0) parts.push("", `${waiting} wait, for the most part for a person: flyball reviews list`);
  if (paused > 0)
    parts.push("", `${paused} are paused after a failed step: flyball runs list --status paused`);
  return parts.join("\n");
}

function headline(summary: Summary): string {
  return `${summary.workflow} ${summary.version.slice(0, 12)}: ${summary.rows} rows`;
}

function facts(summary: Summary): string[][] {
  const statuses = Object.entries(summary.status).map(([status, count]) => `${count} ${status}`);
  if (summary.refused.length > 0) statuses.push(`${summary.refused.length} refused`);
  const rows = [["runs", statuses.join(", ") || "none"]];
  const { timeToResult, costMean, automated, agentUtilization } = summary;
  if (timeToResult)
    rows.push([
      "time to result",
      `p50 ${formatDuration(timeToResult.p50)}, p95 ${formatDuration(timeToResult.p95)} (completed runs)`,
    ]);
  if (costMean !== null) rows.push(["cost per run", formatMoney(costMean)]);
  if (automated !== null) rows.push(["automated", `${percent(automated)} of the runs, end to end`]);
  if (agentUtilization !== null)
    rows.push(["agent utilization", `${percent(agentUtilization)} of the steps by machine`]);
  for (const { of, among, right, n } of summary.accuracy)
    rows.push([
      `accuracy: ${of}`,
      `${percent(right / n)} of ${n} ${among === "automated" ? "decided without a person" : "in all"}`,
    ]);
  return rows;
}

function stepRows(summary: Summary): string[][] {
  const rows = summary.steps.map((step) => [
    step.step,
    step.kind ?? "",
    String(step.count),
    String(step.retries),
    formatDuration(step.p50),
    formatDuration(step.p95),
  ]);
  return [["step", "kind", "done", "retries", "p50", "p95"], ...rows];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
