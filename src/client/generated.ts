// Made by `node scripts/reference.ts` of the schemas that check requests; not to be edited.

export interface ActivityTimes { readonly service: { readonly meanMs: number; readonly totalMs: number } | null; readonly queue: { readonly meanMs: number; readonly totalMs: number } | null; readonly human: { readonly meanMs: number; readonly totalMs: number } | null; readonly external: { readonly meanMs: number; readonly totalMs: number } | null; readonly cost: number | null; readonly activity: string; readonly count: number }

export interface Alert { readonly id: string; readonly kind: "target" | "degraded" | "rollout" | "budget" | "paused" | "review" | "breaker" | "test"; readonly cause: string; readonly workflow: string | null; readonly message: string; readonly facts: Readonly<Record<string, string | number | null>>; readonly status: "open" | "cleared"; readonly raisedAt: string; readonly clearedAt: string | null; readonly deliveries: readonly Delivery[] }

export interface Approval { readonly id: string; readonly line: string; readonly label: string; readonly digest: string; readonly approver: string; readonly verified: boolean; readonly approvedAt: number }

export interface ArmFigures { readonly runs: number; readonly failed: number; readonly errorRate: number | null; readonly latencyP50Ms: number | null; readonly latencyP95Ms: number | null; readonly costMeanUsd: number | null; readonly scores: Readonly<Record<string, { readonly n: number; readonly mean: number }>> }

export interface Asset { readonly kind: string; readonly name: string; readonly production: string | null; readonly labels: Readonly<Record<string, string>>; readonly files: string | null; readonly rollout: string | null; readonly updatedAt: string }

export type AssetEvent = { readonly type: string; readonly at: string; readonly actor: string } & Readonly<Record<string, unknown>>;

export interface AssetText { readonly digest?: string | undefined; readonly source?: string | undefined; readonly by?: string | undefined; readonly message?: string | null | undefined; readonly at?: string | undefined; readonly labels?: readonly string[] | undefined; readonly approvals?: readonly { readonly label: string; readonly by: string; readonly verified: boolean; readonly at: string }[] | undefined; readonly content: unknown; readonly text: string; readonly file: string | null }

export interface AssetVersion { readonly digest: string; readonly source: string; readonly by: string; readonly message: string | null; readonly at: string; readonly labels: readonly string[]; readonly approvals: readonly { readonly label: string; readonly by: string; readonly verified: boolean; readonly at: string }[] }

/** What an experiment is held against; fixed before it begins. */
export interface Bars { readonly accuracyMin: number; readonly provenAccuracyMin: number; readonly errorRateMax: number; readonly costMeanMaxUsd: number; readonly timeToResultP50MaxMs: number | null }

export interface BudgetUse { readonly name: string; readonly by: string; readonly key: string; readonly period: string; readonly unit: "usd" | "tokens" | "calls"; readonly limit: number; readonly reserved: number; readonly spent: number; readonly action: "block" | "downgrade" | "alert"; readonly status: "ok" | "alerted" | "exceeded"; readonly resetsAt: string | null }

/** What so many runs came to, beside the interval that was expected of as many. */
export interface Comparison { readonly runs: number; readonly savedUsdPerRun: { readonly low: number; readonly mid: number; readonly high: number; readonly realised: number; readonly isInside: boolean }; readonly costPerRun: { readonly low: number; readonly mid: number; readonly high: number; readonly realised: number; readonly isInside: boolean }; readonly accuracy: { readonly low: number; readonly mid: number; readonly high: number; readonly realised: number; readonly isInside: boolean }; readonly automated: { readonly low: number; readonly mid: number; readonly high: number; readonly realised: number; readonly isInside: boolean }; readonly timeToResultP50: { readonly low: number; readonly mid: number; readonly high: number; readonly realised: number; readonly isInside: boolean } }

export interface Cost { readonly key: string; readonly calls: number; readonly cost: number | null; readonly unpriced: number; readonly tokens: Readonly<Record<string, number>> }

export interface DayFigures { readonly runs: number; readonly status: Readonly<Record<string, number>>; readonly automated: number | null; readonly accuracy: { readonly share: number; readonly n: number; readonly from: "expected" | "scores" } | null; readonly timeToResultP50Ms: number | null; readonly timeToResultP95Ms: number | null; readonly costMeanUsd: number | null; readonly costTotalUsd: number; readonly reviews: number; readonly reviewMinutesMean: number | null; readonly errorRate: number | null; readonly fallbackRate: number | null; readonly agentUtilization: number | null; readonly throughputPerHour: number | null; readonly sampledRuns: number; readonly simulated: boolean; readonly day: string }

export interface DecidedReview { readonly reviewId: string; readonly runId: string; readonly path: string; readonly workflow: string; readonly status: ReviewStatus; readonly escalated: boolean; readonly assign: string | null; readonly requestedAt: string; readonly deadline: string | null; readonly reason: "always" | "low confidence" | "no confidence" | "rule"; readonly instructions: string | null; readonly confidence: number | null; readonly draft: unknown; readonly evidence: unknown; readonly decision: { readonly decision: "approve" | "correct" | "reject"; readonly value: unknown; readonly reviewer: string; readonly comment: string | null; readonly at: string } | null; readonly runStatus: "completed" | "failed" | "rejected" | "cancelled" | "expired" | "queued" | "running" | "waiting" | "paused" | "undoing" }

export interface Delivery { readonly receiver: string; readonly of: "raised" | "cleared"; readonly status: "pending" | "delivered" | "given_up"; readonly attempts: number; readonly at: string; readonly nextAt: string | null; readonly error: string | null }

export interface DoctorReport { readonly ok: boolean; readonly home: string; readonly node: string; readonly events: number; readonly runs: Readonly<Record<string, number>>; readonly openReviews: number; readonly warnings: readonly string[]; readonly disagreements: readonly { readonly table: string; readonly id: string }[] }

export interface Duration { readonly meanMs: number; readonly totalMs: number; readonly medianMs: number }

/** What so many runs came to, or are expected to come to. */
export interface Effects { readonly costPerRun: Interval; readonly accuracy: { readonly low: number; readonly mid: number; readonly high: number; readonly n: number }; readonly automated: Interval; readonly timeToResultP50: Interval; readonly reviewMinutesPerRun: number; readonly runs: number }

export interface Event { readonly position: number; readonly stream: string; readonly seq: number; readonly type: string; readonly at: number; readonly actor: string; readonly data: Readonly<Record<string, unknown>> | null; readonly prev: string; readonly hash: string; readonly salt: string | null; readonly digest: string | null }

/** How far the proof of a proposal is, and what came of it. */
export interface Experiment { readonly id: string; readonly proposal: string; readonly workflow: string; readonly by: string; readonly bounds: { readonly maxShare: number; readonly maxSpendUsd: number } | null; readonly stage: "replay" | "shadow" | "canary" | "promoted" | "rolledBack"; readonly replay: ReplayedPast | null; readonly rollout: string | null; readonly release: string | null; readonly isWatched: boolean; readonly share: number; readonly maxShare: number; readonly reason: string; readonly seen: SeenSoFar | null; readonly bars: Bars; readonly before: Effects; readonly expected: Effects; readonly realised: Effects | null; readonly comparison: Comparison | null }

export type Failure = { readonly code: string; readonly message: string; readonly costUsd?: number | undefined } & Readonly<Record<string, unknown>>;

export interface Figures { readonly runs: number; readonly status: Readonly<Record<string, number>>; readonly automated: number | null; readonly accuracy: { readonly share: number; readonly n: number; readonly from: "expected" | "scores" } | null; readonly timeToResultP50Ms: number | null; readonly timeToResultP95Ms: number | null; readonly costMeanUsd: number | null; readonly costTotalUsd: number; readonly reviews: number; readonly reviewMinutesMean: number | null; readonly errorRate: number | null; readonly fallbackRate: number | null; readonly agentUtilization: number | null; readonly throughputPerHour: number | null; readonly sampledRuns: number; readonly simulated: boolean }

/** What the record shows, and what it would be worth. */
export interface Finding { readonly kind: string; readonly step: string | null; readonly summary: string; readonly evidence: Readonly<Record<string, unknown>>; readonly prize: { readonly usdPerRun: number; readonly msPerRun: number; readonly reviewMinutesPerRun: number } }

export interface Guard { readonly metric: string; readonly max?: number | undefined; readonly min?: number | undefined; readonly minRuns: number }

export interface Head { readonly index: number; readonly from: number; readonly to: number; readonly root: string; readonly prev: string; readonly at: number; readonly hash: string; readonly signature: string; readonly publicKey: string }

/** A figure with the bounds of its 95% interval. */
export interface Interval { readonly low: number; readonly mid: number; readonly high: number }

export interface Message { readonly role: string; readonly content?: unknown | undefined; readonly digest?: string | undefined; readonly characters?: number | undefined }

/** Each figure is told in docs/guide/mining.md. */
export interface Mined { readonly cases: number; readonly events: number; readonly activities: number; readonly variants: number; readonly dfg: readonly (readonly [string, string, number])[]; readonly startActivities: Readonly<Record<string, number>>; readonly endActivities: Readonly<Record<string, number>>; readonly firstAt: string | null; readonly lastAt: string | null; readonly caseDuration: Duration | null; readonly topVariants: readonly Variant[]; readonly edges: readonly MiningEdge[]; readonly activityTimes: readonly ActivityTimes[]; readonly rework: readonly { readonly activity: string; readonly cases: number; readonly repeats: number }[]; readonly handovers: readonly { readonly from: string; readonly to: string; readonly count: number }[]; readonly bottlenecks: readonly ({ readonly from: string; readonly to: string; readonly count: number; readonly of: "queue" | "human" | "external" | "elapsed"; readonly waitMs: number; readonly share: number })[]; readonly notes: readonly string[] }

/** What directly follows what; the times are of the later one. */
export interface MiningEdge { readonly from: string; readonly to: string; readonly count: number; readonly elapsed: Duration | null; readonly service: { readonly meanMs: number; readonly totalMs: number } | null; readonly queue: { readonly meanMs: number; readonly totalMs: number } | null; readonly human: { readonly meanMs: number; readonly totalMs: number } | null; readonly external: { readonly meanMs: number; readonly totalMs: number } | null; readonly cost: number | null }

export interface Model { readonly name: string; readonly simulated: boolean; readonly region: string | null; readonly price: Readonly<Record<string, number>> | null; readonly circuit: "closed" | "open" | "half_open"; readonly coolingMs: number; readonly answers: number; readonly failures: number; readonly retries: number; readonly share: number; readonly latency: { readonly p50Ms: number; readonly p95Ms: number } | null }

export interface OpenaiModel { readonly id: string; readonly object: "model"; readonly created: number; readonly owned_by: string }

export interface PastCycle { readonly at: string; readonly mode: "advise" | "propose" | "act_within"; readonly by: string; readonly findings: readonly Finding[]; readonly proposals: readonly string[] }

export interface Problem { readonly title: string; readonly status: number; readonly code: string; readonly detail: string; readonly exitCode?: number | undefined; readonly problems?: readonly unknown[] | undefined }

/** A change with its evidence and expected effect. */
export type Proposal = { readonly id: string; readonly workflow: string; readonly kind: string; readonly change: { readonly kind: string } & Readonly<Record<string, unknown>>; readonly asset: { readonly kind: string; readonly name: string }; readonly from: string; readonly to: string; readonly file: string | null; readonly diff: string; readonly triedAs: string | null; readonly finding: Finding; readonly before: Effects; readonly expected: Effects; readonly bars: Bars; readonly proof: string; readonly undo: string; readonly status: "open" | "declined" | "testing" | "promoted" | "rolledBack"; readonly declined: { readonly by: string; readonly reason: string; readonly at: string } | null; readonly experiment: string | null };

export type RanStep = { readonly runId: string; readonly path: string; readonly kind: string | null; readonly status: "running" | "retrying" | "waiting" | "completed" | "skipped" | "failed"; readonly startedAt: string | null; readonly endedAt: string | null; readonly prompt: readonly Message[] | null; readonly input: unknown; readonly model: string | null; readonly provider: string | null; readonly parameters: Readonly<Record<string, unknown>> | null; readonly versions: Readonly<Record<string, StepVersion>>; readonly tokens: Readonly<Record<string, number>> | null; readonly cost: number | null; readonly attempts: number; readonly failures: readonly ({ readonly attempt: number; readonly at: string | null; readonly dueAt: string | null; readonly error: Failure })[]; readonly requests: number | null; readonly cache: string | null; readonly cachedFrom: { readonly runId: string; readonly path: string; readonly ageMs: number } | null; readonly route: { readonly chosen: string; readonly reason: string } | null; readonly result: Readonly<Record<string, unknown>> | null; readonly error: Failure | null; readonly waiting: StepWait | null; readonly erased: string | null } & Readonly<Record<string, unknown>>;

export interface RenderedPrompt { readonly digest: string; readonly messages: readonly Message[]; readonly variant: { readonly name: string; readonly reason: string } }

/** What a candidate made of recorded runs. */
export interface ReplayedPast { readonly runs: number; readonly replayed: number; readonly blocked: number; readonly blockedEffects: number; readonly notReplayable: number; readonly changed: { readonly value: number; readonly low: number; readonly high: number; readonly n: number; readonly method: string }; readonly steps: { readonly reused: number; readonly askedBefore: number; readonly doneAgain: number }; readonly costUsd: { readonly value: number; readonly low: number; readonly high: number; readonly n: number; readonly method: string } | null; readonly tookMs: { readonly value: number; readonly low: number; readonly high: number; readonly n: number; readonly method: string } | null; readonly figures: Effects; readonly right: { readonly right: number; readonly n: number; readonly low: number; readonly high: number }; readonly failed: number }

export interface Review { readonly reviewId: string; readonly runId: string; readonly path: string; readonly workflow: string; readonly status: ReviewStatus; readonly escalated: boolean; readonly assign: string | null; readonly requestedAt: string; readonly deadline: string | null; readonly reason: "always" | "low confidence" | "no confidence" | "rule"; readonly instructions: string | null; readonly confidence: number | null; readonly draft: unknown; readonly evidence: unknown; readonly decision: { readonly decision: "approve" | "correct" | "reject"; readonly value: unknown; readonly reviewer: string; readonly comment: string | null; readonly at: string } | null }

export interface ReviewRow { readonly reviewId: string; readonly runId: string; readonly path: string; readonly workflow: string; readonly status: ReviewStatus; readonly escalated: boolean; readonly assign: string | null; readonly requestedAt: string; readonly deadline: string | null; readonly decidedAt: string | null; readonly gist: string | null; readonly reason: "always" | "low confidence" | "no confidence" | "rule" | null; readonly confidence: number | null }

export type ReviewStatus = "open" | "decided" | "withdrawn";

export interface Rollout { readonly id: string; readonly asset: string; readonly mode: "canary" | "ab" | "shadow"; readonly status: RolloutStatus; readonly share: number; readonly from: string; readonly to: string; readonly by: string | null; readonly guards: readonly Guard[]; readonly startedBy: string; readonly startedAt: string; readonly endedAt: string | null; readonly reason: string | null; readonly arms: { readonly from: ArmFigures; readonly to: ArmFigures }; readonly events: readonly ({ readonly type: string; readonly at: string; readonly actor: string; readonly data: Readonly<Record<string, unknown>> | null })[] }

export interface RolloutRow { readonly id: string; readonly asset: string; readonly mode: "canary" | "ab" | "shadow"; readonly status: RolloutStatus; readonly share: number; readonly from: string; readonly to: string; readonly by: string | null; readonly guards: readonly Guard[]; readonly startedBy: string; readonly startedAt: string; readonly endedAt: string | null; readonly reason: string | null }

export type RolloutStatus = "running" | "promoted" | "rolled_back";

export interface Route { readonly name: string; readonly calls: number; readonly failures: number; readonly cacheHits: number; readonly models: readonly { readonly name: string; readonly answers: number; readonly share: number }[] }

export type Run = { readonly runId: string; readonly workflow: string; readonly version: string; readonly batch: string | null; readonly row: number | null; readonly status: RunStatus; readonly waiting: Waiting | null; readonly error: Failure | null; readonly parent: string | null; readonly shadowOf: string | null; readonly tags: Readonly<Record<string, string>>; readonly startedAt: string; readonly endedAt: string | null; readonly expiresAt: string | null; readonly cost: number; readonly input: unknown; readonly output: unknown; readonly paused: { readonly reason: string; readonly by: string | null; readonly comment: string | null } | null; readonly undo: { readonly undone: readonly string[]; readonly notUndone: readonly ({ readonly path: string } & Readonly<Record<string, unknown>>)[] } | null; readonly forkedFrom: { readonly of: string; readonly from: string } | null; readonly release: string; readonly rollouts: Readonly<Record<string, string>>; readonly steps: readonly Step[] };

export interface RunRow { readonly runId: string; readonly workflow: string; readonly version: string; readonly batch: string | null; readonly row: number | null; readonly status: RunStatus; readonly waiting: Waiting | null; readonly error: Failure | null; readonly parent: string | null; readonly shadowOf: string | null; readonly tags: Readonly<Record<string, string>>; readonly startedAt: string; readonly endedAt: string | null; readonly expiresAt: string | null; readonly cost: number | null }

export type RunStatus = "completed" | "failed" | "rejected" | "cancelled" | "expired" | "queued" | "running" | "waiting" | "paused" | "undoing";

export interface Score { readonly name: string; readonly value: number; readonly source: "user" | "reviewer" | "judge" | "system"; readonly by: string; readonly step: string | null; readonly comment: string | null; readonly at: string }

export interface Seal { readonly index: number; readonly from: number; readonly to: number; readonly root: string; readonly prev: string; readonly at: number; readonly hash: string; readonly signature: string }

/** What running traffic has shown so far of a candidate. */
export interface SeenSoFar { readonly runs: number; readonly judged: number; readonly right: number; readonly shown: number }

export interface Step { readonly path: string; readonly kind: string | null; readonly status: "running" | "retrying" | "waiting" | "completed" | "skipped" | "failed"; readonly attempts: number; readonly key: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly result: Readonly<Record<string, unknown>> | null; readonly error: Failure | null; readonly waiting: StepWait | null }

export interface StepDocument { readonly id: string; readonly kind: string; readonly config: Readonly<Record<string, unknown>>; readonly needs?: readonly string[] | undefined; readonly if?: string | boolean | undefined }

export interface StepVersion { readonly name: string; readonly digest: string; readonly variant?: string | undefined; readonly reason?: string | undefined }

/** What a step waits for; times are milliseconds since 1970. */
export type StepWait = { readonly for: string; readonly key?: string | undefined } & Readonly<Record<string, unknown>>;

export interface Switch { readonly switch: string; readonly off: "drain" | "stop"; readonly by: string; readonly reason: string | null; readonly since: string }

export interface Targets { readonly automated?: number | undefined; readonly accuracy?: number | undefined; readonly timeToResultP50Ms?: number | undefined; readonly costMeanUsd?: number | undefined; readonly reviewMinutesMean?: number | undefined }

/** A way that cases went. */
export interface Variant { readonly activities: readonly string[]; readonly cases: number; readonly share: number; readonly duration: Duration | null; readonly cost: number | null; readonly example: string }

export interface Verification { readonly ok: boolean; readonly events: number; readonly pruned?: number | undefined; readonly seals: number; readonly head: Seal | null; readonly firstBad: { readonly position: number; readonly stream: string; readonly seq: number; readonly reason: string } | null }

export interface Waiting { readonly for: string; readonly path?: string | undefined; readonly key: string | null; readonly since: string | null; readonly deadline: string | null; readonly dueAt: string | null }

export interface Workflow { readonly name: string; readonly version: string | null; readonly release: string | null; readonly description: string | null; readonly document: WorkflowDocument | null; readonly problem?: string | undefined }

/** Its normal form; docs/guide/workflows.md tells the format. */
export interface WorkflowDocument { readonly workflow: string; readonly input?: Readonly<Record<string, unknown>> | undefined; readonly targets?: Targets | undefined; readonly steps: readonly StepDocument[] }

export interface WorkflowMetrics { readonly workflow: string; readonly targets: Targets; readonly from: string; readonly to: string; readonly actual: Figures; readonly errors: readonly { readonly reason: string; readonly count: number }[]; readonly fallbacks: readonly { readonly reason: string; readonly count: number }[]; readonly days: readonly DayFigures[]; readonly isComplete: boolean }

/** Every request, by its method and path. */
export interface Operations {
  "GET /healthz": { readonly answer: { readonly ok: boolean; readonly since: string; readonly position: number; readonly lastCommitAt: string | null; readonly owner: boolean; readonly overdueMs: number; readonly loadedRuns: number; readonly queuedRuns: number } };
  "GET /readyz": { readonly answer: { readonly ready: boolean; readonly warnings: readonly string[] } };
  "GET /metrics": { readonly answer: string };
  "GET /v1/workflows": { readonly answer: { readonly items: readonly Workflow[]; readonly nextCursor: string | null } };
  "GET /v1/workflows/schema": { readonly answer: Readonly<Record<string, unknown>> };
  "GET /v1/workflows/{name}/metrics": { readonly params: { readonly name: string }; readonly query?: { readonly window?: string | undefined }; readonly answer: WorkflowMetrics };
  "POST /v1/workflows/{name}/runs": { readonly params: { readonly name: string }; readonly query?: { readonly wait?: string | undefined }; readonly body: { readonly input: unknown; readonly tags?: Readonly<Record<string, string>> | undefined; readonly expected?: unknown | undefined; readonly priority?: number | undefined }; readonly answer: Run };
  "GET /v1/runs": { readonly query?: { readonly workflow?: string | undefined; readonly status?: "completed" | "failed" | "rejected" | "cancelled" | "expired" | "queued" | "running" | "waiting" | "paused" | "undoing" | undefined; readonly batch?: string | undefined; readonly shadows?: string | undefined; readonly tag?: string | readonly string[] | undefined; readonly q?: string | undefined; readonly costMin?: number | undefined; readonly costMax?: number | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }; readonly answer: { readonly items: readonly RunRow[]; readonly nextCursor: string | null } };
  "GET /v1/runs/{id}": { readonly params: { readonly id: string }; readonly answer: Run };
  "GET /v1/runs/{id}/steps/{path}": { readonly params: { readonly id: string; readonly path: string }; readonly answer: RanStep };
  "GET /v1/runs/{id}/events": { readonly params: { readonly id: string }; readonly answer: { readonly items: readonly Event[] } };
  "POST /v1/runs/{id}/cancel": { readonly params: { readonly id: string }; readonly body?: { readonly reason?: string | undefined }; readonly answer: Run };
  "POST /v1/runs/{id}/pause": { readonly params: { readonly id: string }; readonly body?: { readonly reason?: string | undefined }; readonly answer: Run };
  "POST /v1/runs/{id}/resume": { readonly params: { readonly id: string }; readonly body?: { readonly skip?: { readonly value: unknown } | undefined }; readonly answer: Run };
  "POST /v1/runs/{id}/signals": { readonly params: { readonly id: string }; readonly body: { readonly event: string; readonly data?: unknown | undefined; readonly id?: string | undefined }; readonly answer: Run };
  "POST /v1/runs/{id}/restart": { readonly params: { readonly id: string }; readonly body: { readonly from: string; readonly release?: "same" | "latest" | undefined }; readonly answer: Run };
  "GET /v1/runs/{id}/scores": { readonly params: { readonly id: string }; readonly answer: { readonly items: readonly Score[]; readonly nextCursor: string | null } };
  "POST /v1/runs/{id}/scores": { readonly params: { readonly id: string }; readonly body: { readonly name: string; readonly value: number | boolean; readonly source: "user" | "reviewer" | "judge" | "system"; readonly step?: string | undefined; readonly comment?: string | undefined }; readonly answer: { readonly items: readonly Score[]; readonly nextCursor: string | null } };
  "GET /v1/assets": { readonly query?: { readonly kind?: string | undefined }; readonly answer: { readonly items: readonly Asset[]; readonly nextCursor: string | null } };
  "GET /v1/assets/{kind}/{name}": { readonly params: { readonly kind: string; readonly name: string }; readonly answer: Asset };
  "PUT /v1/assets/{kind}/{name}": { readonly params: { readonly kind: string; readonly name: string }; readonly body?: { readonly text?: string | undefined; readonly content?: unknown | undefined; readonly file?: string | undefined; readonly message?: string | undefined }; readonly answer: Asset };
  "POST /v1/assets/{kind}/{name}/check": { readonly params: { readonly kind: string; readonly name: string }; readonly body?: { readonly text?: string | undefined; readonly content?: unknown | undefined; readonly file?: string | undefined; readonly message?: string | undefined }; readonly answer: { readonly digest: string } };
  "POST /v1/assets/prompt/{name}/render": { readonly params: { readonly name: string }; readonly body: { readonly version?: string | undefined; readonly input: Readonly<Record<string, unknown>>; readonly tags?: Readonly<Record<string, string>> | undefined }; readonly answer: RenderedPrompt };
  "GET /v1/assets/{kind}/{name}/versions": { readonly params: { readonly kind: string; readonly name: string }; readonly answer: { readonly items: readonly AssetVersion[]; readonly nextCursor: string | null } };
  "GET /v1/assets/{kind}/{name}/versions/{version}": { readonly params: { readonly kind: string; readonly name: string; readonly version: string }; readonly answer: AssetText };
  "GET /v1/assets/{kind}/{name}/diff": { readonly params: { readonly kind: string; readonly name: string }; readonly query: { readonly from?: string | undefined; readonly to: string }; readonly answer: { readonly from: string; readonly to: string; readonly diff: string } };
  "GET /v1/assets/{kind}/{name}/history": { readonly params: { readonly kind: string; readonly name: string }; readonly answer: { readonly items: readonly AssetEvent[]; readonly nextCursor: string | null } };
  "PUT /v1/assets/{kind}/{name}/labels/{label}": { readonly params: { readonly kind: string; readonly name: string; readonly label: string }; readonly body: { readonly to: string; readonly reason?: string | undefined }; readonly answer: Asset };
  "DELETE /v1/assets/{kind}/{name}/labels/{label}": { readonly params: { readonly kind: string; readonly name: string; readonly label: string }; readonly body?: { readonly reason?: string | undefined }; readonly answer: Asset };
  "POST /v1/assets/{kind}/{name}/labels/{label}/approvals": { readonly params: { readonly kind: string; readonly name: string; readonly label: string }; readonly body: { readonly to: string; readonly by?: string | undefined; readonly comment?: string | undefined }; readonly answer: { readonly digest: string; readonly approvals: readonly Approval[] } };
  "GET /v1/rollouts": { readonly query?: { readonly status?: RolloutStatus | undefined }; readonly answer: { readonly items: readonly RolloutRow[]; readonly nextCursor: string | null } };
  "POST /v1/rollouts": { readonly body: { readonly asset: string; readonly from?: string | undefined; readonly to: string; readonly mode?: "canary" | "ab" | "shadow" | undefined; readonly share: number | string; readonly by?: string | undefined; readonly guards?: readonly ({ readonly metric: string; readonly max?: number | string | undefined; readonly min?: number | string | undefined; readonly minRuns?: number | undefined })[] | undefined }; readonly answer: Rollout };
  "GET /v1/rollouts/{id}": { readonly params: { readonly id: string }; readonly answer: Rollout };
  "POST /v1/rollouts/{id}/share": { readonly params: { readonly id: string }; readonly body: { readonly share: number | string }; readonly answer: Rollout };
  "POST /v1/rollouts/{id}/promote": { readonly params: { readonly id: string }; readonly body?: { readonly reason?: string | undefined }; readonly answer: Rollout };
  "POST /v1/rollouts/{id}/rollback": { readonly params: { readonly id: string }; readonly body: { readonly reason: string }; readonly answer: Rollout };
  "POST /v1/optimizer/cycles": { readonly body: { readonly workflow: string; readonly mode?: "advise" | "propose" | "act_within" | undefined }; readonly answer: { readonly workflow: string; readonly findings: readonly Finding[]; readonly proposals: readonly Proposal[] } };
  "GET /v1/optimizer/cycles": { readonly query: { readonly workflow: string }; readonly answer: { readonly items: readonly PastCycle[]; readonly nextCursor: string | null } };
  "GET /v1/proposals": { readonly query?: { readonly workflow?: string | undefined; readonly status?: "open" | "declined" | "testing" | "promoted" | "rolledBack" | undefined }; readonly answer: { readonly items: readonly Proposal[]; readonly nextCursor: string | null } };
  "GET /v1/proposals/{id}": { readonly params: { readonly id: string }; readonly answer: Proposal };
  "POST /v1/proposals/{id}/decline": { readonly params: { readonly id: string }; readonly body: { readonly by?: string | undefined; readonly reason: string }; readonly answer: Proposal };
  "POST /v1/proposals/{id}/experiments": { readonly params: { readonly id: string }; readonly body?: { readonly by?: string | undefined }; readonly answer: { readonly id: string } };
  "GET /v1/experiments/{id}": { readonly params: { readonly id: string }; readonly answer: Experiment };
  "GET /v1/switches": { readonly answer: { readonly items: readonly Switch[]; readonly nextCursor: string | null } };
  "POST /v1/switches": { readonly body: { readonly scope: "all" | "workflow" | "model" | "tool" | "agent"; readonly name?: string | undefined; readonly off: "drain" | "stop" | false; readonly reason?: string | undefined }; readonly answer: { readonly items: readonly Switch[]; readonly nextCursor: string | null } };
  "GET /v1/budgets": { readonly query?: { readonly name?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }; readonly answer: { readonly items: readonly BudgetUse[]; readonly nextCursor: string | null } };
  "GET /v1/alerts": { readonly query?: { readonly status?: "open" | "cleared" | undefined; readonly kind?: "target" | "degraded" | "rollout" | "budget" | "paused" | "review" | "breaker" | "test" | undefined; readonly workflow?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }; readonly answer: { readonly items: readonly Alert[]; readonly nextCursor: string | null } };
  "GET /v1/alerts/{id}": { readonly params: { readonly id: string }; readonly answer: Alert };
  "POST /v1/alerts/test": { readonly body?: Readonly<Record<string, unknown>>; readonly answer: Alert };
  "GET /v1/costs": { readonly query?: { readonly by?: "workflow" | "tenant" | "feature" | "model" | "day" | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly limit?: number | undefined }; readonly answer: { readonly items: readonly Cost[]; readonly nextCursor: string | null; readonly by: "workflow" | "tenant" | "feature" | "model" | "day"; readonly from: string; readonly to: string } };
  "POST /v1/replays": { readonly body: { readonly workflow: string; readonly version?: string | undefined; readonly assets?: Readonly<Record<string, string>> | undefined; readonly runs?: readonly string[] | { readonly of?: string | undefined; readonly last: number } | undefined; readonly allow?: readonly string[] | undefined; readonly simulate?: boolean | undefined }; readonly answer: Readonly<Record<string, unknown>> };
  "GET /v1/mining": { readonly query?: { readonly workflow?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly case?: string | undefined; readonly activity?: "path" | "kind" | undefined; readonly variants?: number | undefined }; readonly answer: Mined };
  "GET /v1/mining/log": { readonly query?: { readonly workflow?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly case?: string | undefined; readonly activity?: "path" | "kind" | undefined; readonly format?: "xes" | "csv" | undefined }; readonly answer: string };
  "GET /v1/reviews": { readonly query?: { readonly status?: ReviewStatus | undefined; readonly run?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }; readonly answer: { readonly items: readonly ReviewRow[]; readonly nextCursor: string | null } };
  "GET /v1/reviews/{id}": { readonly params: { readonly id: string }; readonly answer: Review };
  "POST /v1/reviews/{id}/decision": { readonly params: { readonly id: string }; readonly body: { readonly decision: "approve" | "correct" | "reject" | "escalate"; readonly value?: unknown | undefined; readonly comment?: string | undefined }; readonly answer: DecidedReview };
  "GET /v1/models": { readonly answer: { readonly items: readonly Model[]; readonly nextCursor: string | null } };
  "GET /v1/routes": { readonly answer: { readonly items: readonly Route[]; readonly nextCursor: string | null } };
  "GET /v1/journal/verification": { readonly answer: Verification };
  "GET /v1/journal/head": { readonly answer: Head };
  "GET /v1/journal/seals": { readonly line: { readonly seal: Seal; readonly publicKey: string } };
  "GET /v1/journal/events": { readonly query?: { readonly run?: string | undefined; readonly after?: number | undefined }; readonly line: Event | { readonly seal: Seal; readonly publicKey: string } | { readonly pruned: { readonly from: number; readonly to: number; readonly root: string } } };
  "GET /v1/journal/doctor": { readonly answer: DoctorReport };
  "GET /openai/v1/models": { readonly answer: { readonly object: "list"; readonly data: readonly OpenaiModel[] } };
  "GET /openai/v1/models/{name}": { readonly params: { readonly name: string }; readonly answer: OpenaiModel };
  "POST /openai/v1/chat/completions": { readonly body: { readonly model: string; readonly messages: readonly ({ readonly role: "system"; readonly content: string | readonly { readonly type: "text"; readonly text: string }[] } | { readonly role: "developer"; readonly content: string | readonly { readonly type: "text"; readonly text: string }[] } | { readonly role: "user"; readonly content: string | readonly ({ readonly type: "text"; readonly text: string } | { readonly type: "image_url"; readonly image_url: { readonly url: string } })[] } | { readonly role: "assistant"; readonly content?: string | readonly ({ readonly type: "text"; readonly text: string } | { readonly type: "refusal"; readonly refusal: string })[] | null | undefined; readonly refusal?: string | null | undefined; readonly tool_calls?: readonly { readonly id: string; readonly type: "function"; readonly function: { readonly name: string; readonly arguments: string } }[] | null | undefined } | { readonly role: "tool"; readonly content: string | readonly { readonly type: "text"; readonly text: string }[]; readonly tool_call_id: string })[]; readonly stream?: boolean | null | undefined; readonly stream_options?: { readonly include_usage?: boolean | null | undefined; readonly include_obfuscation?: boolean | null | undefined } | null | undefined; readonly temperature?: number | null | undefined; readonly top_p?: number | null | undefined; readonly max_tokens?: number | null | undefined; readonly max_completion_tokens?: number | null | undefined; readonly seed?: number | null | undefined; readonly stop?: string | readonly string[] | null | undefined; readonly tools?: readonly ({ readonly type: "function"; readonly function: { readonly name: string; readonly description?: string | null | undefined; readonly parameters?: unknown | null | undefined; readonly strict?: boolean | null | undefined } })[] | null | undefined; readonly tool_choice?: "auto" | "none" | "required" | { readonly type: "function"; readonly function: { readonly name: string } } | null | undefined; readonly response_format?: { readonly type: "text" } | { readonly type: "json_object" } | { readonly type: "json_schema"; readonly json_schema: { readonly name: string; readonly description?: string | null | undefined; readonly schema: unknown; readonly strict?: boolean | null | undefined } } | null | undefined; readonly metadata?: Readonly<Record<string, string>> | null | undefined; readonly flyball?: { readonly input?: unknown | undefined; readonly route?: string | undefined } | null | undefined; readonly n?: 1 | null | undefined; readonly logprobs?: false | null | undefined; readonly top_logprobs?: 0 | null | undefined; readonly frequency_penalty?: 0 | null | undefined; readonly presence_penalty?: 0 | null | undefined; readonly parallel_tool_calls?: true | null | undefined; readonly logit_bias?: Readonly<Record<string, unknown>> | null | undefined; readonly modalities?: readonly "text"[] | null | undefined; readonly audio?: null | undefined; readonly reasoning_effort?: null | undefined; readonly verbosity?: null | undefined; readonly functions?: null | undefined; readonly function_call?: null | undefined; readonly web_search_options?: null | undefined; readonly user?: unknown | undefined; readonly store?: unknown | undefined; readonly service_tier?: unknown | undefined; readonly safety_identifier?: unknown | undefined; readonly prompt_cache_key?: unknown | undefined; readonly prompt_cache_retention?: unknown | undefined; readonly prediction?: unknown | undefined }; readonly answer: { readonly id: string; readonly object: "chat.completion"; readonly model: string; readonly choices: readonly ({ readonly index: number; readonly finish_reason: string } & Readonly<Record<string, unknown>>)[] } & Readonly<Record<string, unknown>> };
  "POST /openai/v1/embeddings": { readonly body: { readonly model: string; readonly input: string | readonly string[]; readonly encoding_format?: "float" | "base64" | null | undefined; readonly dimensions?: null | undefined; readonly user?: unknown | undefined }; readonly answer: { readonly object: "list"; readonly model: string; readonly data: readonly unknown[] } & Readonly<Record<string, unknown>> };
}
