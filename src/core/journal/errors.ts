import { FlyballError } from "../base/index.ts";

/** Somebody else appended first. The caller reads the stream again and decides anew. */
export class StaleAppend extends FlyballError {
  readonly code = "STALE_APPEND";
  override readonly status = 409;
  readonly stream: string;
  readonly expectedSeq: number;
  readonly actualSeq: number;
  constructor(stream: string, expectedSeq: number, actualSeq: number) {
    super(`Stream ${stream} has ${actualSeq} events, not ${expectedSeq}.`);
    this.stream = stream;
    this.expectedSeq = expectedSeq;
    this.actualSeq = actualSeq;
  }
}

/** A definite refusal: nothing was written, and reading goes on. */
export class DiskFull extends FlyballError {
  readonly code = "DISK_FULL";
  override readonly status = 507;
  override readonly exitCode = 3;
  constructor(folder: string) {
    super(`The disk that holds ${folder} is full. Nothing was lost; free some space and start again.`);
  }
}

/** Another process owns the data folder now; this one may not write any more. */
export class NotOwner extends FlyballError {
  readonly code = "NOT_OWNER";
  override readonly status = 503;
  override readonly exitCode = 3;
  constructor(folder: string) {
    super(`Another process has taken over ${folder}; this one has stopped writing.`);
  }
}

export class JournalClosed extends FlyballError {
  readonly code = "JOURNAL_CLOSED";
  override readonly status = 503;
  override readonly exitCode = 3;
  constructor(reason: string) {
    super(`The journal takes no more events: ${reason}`);
  }
}

/** A commit of which nobody knows whether it is on disk. Only reading back after a restart can tell. */
export class CommitUnknown extends FlyballError {
  readonly code = "COMMIT_UNKNOWN";
  override readonly exitCode = 3;
  constructor(reason: string) {
    super(`A commit failed and may or may not be on disk (${reason}). Start again: the journal will tell.`);
  }
}

/** What is stored under an event is not what was written. */
export class EventDamaged extends FlyballError {
  readonly code = "EVENT_DAMAGED";
  override readonly exitCode = 3;
  readonly position: number;
  constructor(position: number, reason: string) {
    super(`Event ${position} cannot be read: ${reason}. Run \`flyball verify\`.`);
    this.position = position;
  }
}
