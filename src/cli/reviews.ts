import type { Command } from "commander";
import { type Api, json, onFolder } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, oneLine, print, printJson, table } from "./io.ts";
import { parseJson } from "./runs.ts";

interface ReviewItem {
  readonly reviewId: string;
  readonly runId: string;
  readonly workflow: string;
  readonly path: string;
  readonly status: string;
  readonly escalated: boolean;
  readonly assign: string | null;
  readonly deadline: string | null;
}

interface ShownReview extends ReviewItem {
  readonly reason: string;
  readonly instructions: string | null;
  readonly confidence: number | null;
  readonly draft: unknown;
  readonly evidence: unknown;
  readonly decision: {
    readonly decision: string;
    readonly reviewer: string;
    readonly comment: string | null;
  } | null;
  readonly runStatus?: string;
}

interface DecideOptions extends CommonOptions {
  readonly approve?: boolean;
  readonly reject?: boolean;
  readonly escalate?: boolean;
  readonly correct?: string;
  readonly comment?: string;
}

export function registerReviews(program: Command, done: (code: ExitCode) => void): void {
  const reviews = program
    .command("reviews")
    .summary("list, show and decide what waits for a person")
    .description("Questions to people, and their answers.");
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");

  common(reviews.command("list"))
    .description("Open reviews, oldest first.")
    .option("--status <status>", "open, decided or withdrawn", "open")
    .option("--limit <n>", "how many", "50")
    .action(async (options: CommonOptions & { status: string; limit: string }) =>
      done(await onFolder(options, (api) => list(api, options))),
    );

  common(reviews.command("show <review>"))
    .description("A review with its draft and evidence.")
    .action(async (review: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => show(api, review, options))),
    );

  common(reviews.command("decide <review>"))
    .description("Answers a review: approve the draft, correct it, reject it, or pass it on.")
    .option("--approve", "the draft is right")
    .option("--correct <json>", "the right value; a text needs quotes: '\"Dear …\"'")
    .option("--reject", "end the run as rejected")
    .option("--escalate", "pass it on; it stays open")
    .option("--comment <text>")
    .action(async (review: string, options: DecideOptions, command: Command) => {
      const chosen = [
        options.approve,
        options.reject,
        options.escalate,
        options.correct !== undefined,
      ].filter(Boolean);
      if (chosen.length !== 1)
        return command.error("error: give exactly one of --approve, --correct, --reject, --escalate");
      done(await onFolder(options, (api) => decide(api, review, options)));
    });
}

async function list(api: Api, options: CommonOptions & { status: string; limit: string }): Promise<ExitCode> {
  const query = new URLSearchParams({ status: options.status, limit: options.limit });
  const { items } = await json<{ items: ReviewItem[] }>(await api.request("GET", `/v1/reviews?${query}`));
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print(`No ${options.status} reviews.`);
  else {
    const rows = items.map((item) => [
      item.reviewId,
      item.workflow,
      item.path,
      item.assign ?? "",
      item.deadline ?? "",
      item.escalated ? "escalated" : "",
    ]);
    print(table([["review", "workflow", "step", "assigned", "deadline", ""], ...rows]));
    print(
      `\n  flyball reviews show ${items[0]?.reviewId}\n  flyball reviews decide ${items[0]?.reviewId} --approve`,
    );
  }
  return exit.done;
}

async function show(api: Api, id: string, options: CommonOptions): Promise<ExitCode> {
  const review = await json<ShownReview>(await api.request("GET", `/v1/reviews/${encodeURIComponent(id)}`));
  if (options.json) printJson(review);
  else print(describeReview(review));
  return exit.done;
}

function describeReview(review: ShownReview): string {
  const { decision, confidence } = review;
  const facts = [
    ["review", review.reviewId],
    ["run", `${review.runId}, step ${review.path} of ${review.workflow}`],
    ["status", `${review.status}${review.escalated ? ", escalated" : ""}`],
    ["asked because", `${review.reason}${confidence === null ? "" : ` (${confidence.toFixed(2)})`}`],
    ...(review.instructions ? [["look at", review.instructions]] : []),
    ...(review.deadline ? [["deadline", review.deadline]] : []),
    ...(decision
      ? [
          [
            "decision",
            `${decision.decision} by ${decision.reviewer}${decision.comment ? `: ${decision.comment}` : ""}`,
          ],
        ]
      : []),
  ];
  const draft = typeof review.draft === "string" ? review.draft : JSON.stringify(review.draft, null, 2);
  return [
    table(facts),
    "",
    "Draft",
    indent(draft),
    "",
    "Evidence",
    indent(evidenceText(review.evidence)),
  ].join("\n");
}

function evidenceText(evidence: unknown): string {
  if (!Array.isArray(evidence)) return evidence === null ? "none" : JSON.stringify(evidence, null, 2);
  return evidence
    .map(
      (item) =>
        `- ${oneLine(typeof item === "object" && item !== null && "title" in item ? `${item.title}: ${"text" in item ? item.text : ""}` : JSON.stringify(item), 160)}`,
    )
    .join("\n");
}

function indent(text: string): string {
  return text.replace(/[\p{Cc}--[\n]]/gv, " ").replace(/^/gm, "  ");
}

async function decide(api: Api, id: string, options: DecideOptions): Promise<ExitCode> {
  const decision = options.approve
    ? "approve"
    : options.reject
      ? "reject"
      : options.escalate
        ? "escalate"
        : "correct";
  const value = options.correct === undefined ? {} : { value: parseJson(options.correct, "--correct") };
  const body = { decision, ...value, ...(options.comment ? { comment: options.comment } : {}) };
  const review = await json<ShownReview>(
    await api.request("POST", `/v1/reviews/${encodeURIComponent(id)}/decision`, body),
  );
  if (options.json) printJson(review);
  else print(`Review ${review.reviewId} is ${review.status}; run ${review.runId} is ${review.runStatus}.`);
  return exit.done;
}
