/**
 * The tables, one entry a version. A later version adds an entry; none is ever changed. Columns of the
 * control tables have the names of the rows' members (core/executor/store.ts), so none is translated.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;

  -- A rowid table with an index: faster than WITHOUT ROWID when many streams grow at once.
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    salt BLOB,
    body TEXT,
    digest BLOB,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_stream ON events (stream, seq);
  CREATE INDEX events_blob ON events (digest) WHERE digest IS NOT NULL AND salt IS NOT NULL;

  CREATE TABLE seals (
    "index" INTEGER PRIMARY KEY,
    seal TEXT NOT NULL
  ) STRICT;

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    version TEXT NOT NULL,
    release TEXT NOT NULL,
    status TEXT NOT NULL,
    startedAt INTEGER NOT NULL,
    updatedAt INTEGER NOT NULL,
    endedAt INTEGER,
    batch TEXT,
    batchRow INTEGER,
    parent TEXT,
    tags TEXT NOT NULL,
    error TEXT,
    waitingFor TEXT,
    waitingKey TEXT,
    waitingSince INTEGER,
    deadline INTEGER,
    dueAt INTEGER,
    erased INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX runs_open ON runs (status, startedAt) WHERE endedAt IS NULL;
  CREATE INDEX runs_due ON runs (dueAt) WHERE dueAt IS NOT NULL;
  CREATE INDEX runs_batch ON runs (batch, batchRow) WHERE batch IS NOT NULL;
  CREATE INDEX runs_started ON runs (startedAt, id);

  CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    path TEXT NOT NULL,
    workflow TEXT NOT NULL,
    status TEXT NOT NULL,
    assignee TEXT,
    requestedAt INTEGER NOT NULL,
    deadline INTEGER,
    escalated INTEGER NOT NULL,
    decidedAt INTEGER
  ) STRICT;
  CREATE INDEX reviews_open ON reviews (status, requestedAt, id);
  CREATE INDEX reviews_run ON reviews (run);

  CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    run TEXT NOT NULL,
    command TEXT NOT NULL
  ) STRICT;
  CREATE INDEX inbox_run ON inbox (run, position);

  CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    inputDigest TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    version TEXT NOT NULL,
    release TEXT NOT NULL,
    rows INTEGER NOT NULL,
    status TEXT NOT NULL,
    startedAt INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX batches_key ON batches (workflow, inputDigest, name, generation);

  CREATE TABLE assets (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN expiresAt INTEGER;
  UPDATE runs SET lane = workflow, rank = startedAt;
  CREATE INDEX runs_queued ON runs (lane, rank, id) WHERE status = 'queued';
  CREATE INDEX runs_held ON runs (waitingFor, waitingKey, rank) WHERE waitingFor IN ('limit', 'switch');
  CREATE INDEX runs_expiring ON runs (expiresAt) WHERE expiresAt IS NOT NULL AND endedAt IS NULL;

  CREATE TABLE rates (
    name TEXT PRIMARY KEY,
    moment REAL NOT NULL
  ) STRICT;

  CREATE TABLE switches (
    id TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT,
    since INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Lists by status or workflow, newest first, and what retention takes next: none may read 100,000 rows
  -- to find 50. (status, startedAt, id) does what runs_open did, for final statuses too.
  DROP INDEX runs_open;
  CREATE INDEX runs_status ON runs (status, startedAt, id);
  CREATE INDEX runs_workflow ON runs (workflow, startedAt, id);
  CREATE INDEX runs_ended ON runs (erased, endedAt, id) WHERE endedAt IS NOT NULL;

  -- In the place of pruned events: the roots of the largest subtrees under each seal that held only such.
  CREATE TABLE pruned (
    "from" INTEGER PRIMARY KEY,
    "to" INTEGER NOT NULL,
    root BLOB NOT NULL
  ) STRICT;
  `,
  `
  -- Money. Amounts are whole nanodollars, tokens or calls, so that sums are exact in any order.
  CREATE TABLE budgets (
    id TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    declaredAt INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    budget TEXT NOT NULL,
    period TEXT NOT NULL,
    key TEXT NOT NULL,
    amount INTEGER NOT NULL,
    unit TEXT NOT NULL,
    run TEXT NOT NULL,
    path TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE uses (
    id TEXT PRIMARY KEY,
    budget TEXT NOT NULL,
    period TEXT NOT NULL,
    key TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    alerted REAL NOT NULL,
    exceeded INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX uses_period ON uses (budget, period, id);

  CREATE TABLE costs (
    id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    workflow TEXT NOT NULL,
    tenant TEXT NOT NULL,
    feature TEXT NOT NULL,
    model TEXT NOT NULL,
    calls INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    nanoUsd INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    cacheWrite INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX costs_day ON costs (day);
  `,
  `
  ALTER TABLE runs ADD COLUMN shadowOf TEXT;

  -- The registry: what versions there are, what names stand on them, and what runs made of them.
  CREATE TABLE lines (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    filesDigest TEXT,
    updatedAt INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE versions (
    id TEXT PRIMARY KEY,
    line TEXT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT,
    addedAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX versions_line ON versions (line, addedAt, id);

  CREATE TABLE labels (
    id TEXT PRIMARY KEY,
    line TEXT NOT NULL,
    label TEXT NOT NULL,
    digest TEXT NOT NULL,
    movedBy TEXT NOT NULL,
    movedAt INTEGER NOT NULL,
    rollout TEXT
  ) STRICT;

  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    line TEXT NOT NULL,
    label TEXT NOT NULL,
    digest TEXT NOT NULL,
    approver TEXT NOT NULL,
    verified INTEGER NOT NULL,
    approvedAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX approvals_line ON approvals (line);

  CREATE TABLE rollouts (
    id TEXT PRIMARY KEY,
    line TEXT NOT NULL,
    fromDigest TEXT NOT NULL,
    toDigest TEXT NOT NULL,
    mode TEXT NOT NULL,
    share REAL NOT NULL,
    "key" TEXT,
    guards TEXT NOT NULL,
    status TEXT NOT NULL,
    startedBy TEXT NOT NULL,
    startedAt INTEGER NOT NULL,
    endedAt INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX rollouts_status ON rollouts (status, startedAt, id);

  CREATE TABLE arms (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    rollout TEXT NOT NULL,
    arm TEXT NOT NULL,
    startedAt INTEGER NOT NULL,
    status TEXT,
    endedAt INTEGER,
    costUsd REAL
  ) STRICT;
  CREATE INDEX arms_run ON arms (run);
  CREATE INDEX arms_rollout ON arms (rollout, arm, endedAt);

  CREATE TABLE scores (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    step TEXT,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    source TEXT NOT NULL,
    scoredBy TEXT NOT NULL,
    comment TEXT,
    scoredAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX scores_run ON scores (run, scoredAt);
  `,
  `
  ALTER TABLE runs ADD COLUMN costUsd REAL;
  UPDATE runs SET costUsd = (
    SELECT json_extract(body, '$.costUsd') FROM events
    WHERE stream = 'run/' || runs.id AND type = 'run.' || runs.status AND body IS NOT NULL
    ORDER BY seq DESC LIMIT 1)
  WHERE endedAt IS NOT NULL;
  `,
  `
  -- What is open, by workflow and status: of 100,000 open runs, counted in 16 ms of processor time and not in
  -- 77, for 2.5 us more a run.
  CREATE INDEX runs_standing ON runs (workflow, status) WHERE endedAt IS NULL AND shadowOf IS NULL;

  -- What somebody should know, and who was told of it.
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    workflow TEXT,
    message TEXT NOT NULL,
    facts TEXT NOT NULL,
    status TEXT NOT NULL,
    raisedAt INTEGER NOT NULL,
    clearedAt INTEGER
  ) STRICT;
  CREATE INDEX alerts_cause ON alerts (cause, raisedAt);
  CREATE INDEX alerts_open ON alerts (id) WHERE status = 'open';

  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    alert TEXT NOT NULL,
    moment TEXT NOT NULL,
    receiver TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    dueAt INTEGER NOT NULL,
    updatedAt INTEGER NOT NULL,
    error TEXT
  ) STRICT;
  CREATE INDEX deliveries_alert ON deliveries (alert);
  CREATE INDEX deliveries_due ON deliveries (dueAt) WHERE status = 'pending';
  `,
];
