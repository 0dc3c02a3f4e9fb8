import { FlyballError } from "../../core/base/index.ts";

/** The folder or file of an index is not there, or cannot be read. */
export class IndexSourceUnreadable extends FlyballError {
  readonly code = "INDEX_SOURCE_UNREADABLE";
  override readonly status = 422;
  readonly source: string;
  constructor(source: string, reason: string) {
    super(`The index source ${JSON.stringify(source)} cannot be read: ${reason}.`);
    this.source = source;
  }
}

/** The folder is no longer what the run pinned, and the index was not built before it changed. */
export class IndexSourceChanged extends FlyballError {
  readonly code = "INDEX_SOURCE_CHANGED";
  override readonly status = 409;
  override readonly exitCode = 3;
  readonly index: string;
  constructor(index: string, folder: string) {
    super(
      `The files of index ${JSON.stringify(index)} (${folder}) changed after this run was pinned to them and before ` +
        "they were indexed. Start the run again to use the files as they are now.",
    );
    this.index = index;
  }
}

/** What reached the step is not what `retrieval` can work with. */
export class RetrievalInputInvalid extends FlyballError {
  readonly code = "RETRIEVAL_INPUT_INVALID";
  override readonly status = 422;
  constructor(member: string, expected: string) {
    super(`retrieval: ${member} must be ${expected}.`);
  }
}
