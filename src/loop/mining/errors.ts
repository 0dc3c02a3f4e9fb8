import { FlyballError } from "../../core/base/index.ts";

/** Where in a file: lines and columns count from 1; a column of CSV is told by its name. */
export interface Place {
  readonly line: number;
  readonly column?: number | string;
}

/** An event log cannot be read: what was found where, and what was expected. Nothing has been counted. */
export class LogUnreadable extends FlyballError {
  readonly code = "LOG_UNREADABLE";
  override readonly status = 422;
  readonly file: string;
  readonly place: Place;

  constructor(file: string, place: Place, message: string) {
    const { line, column } = place;
    const where = typeof column === "number" ? `:${column}` : "";
    const what = typeof column === "string" ? `column ${JSON.stringify(column)}: ` : "";
    super(`${file}:${line}${where}: ${what}${message}`);
    this.file = file;
    this.place = place;
  }
}

/** There is no such file, or it cannot be read to its end. */
export class LogFileUnreadable extends FlyballError {
  readonly code = "LOG_FILE_UNREADABLE";
  override readonly status = 422;

  constructor(file: string, reason: string) {
    super(`${file}: ${reason}.`);
  }
}

/** An event log has more of something than is worked on at once. */
export class LogTooLarge extends FlyballError {
  readonly code = "LOG_TOO_LARGE";
  override readonly status = 422;

  constructor(what: string, max: number) {
    super(`The log has more than ${max} ${what}; mine a part of it, or name another column.`);
  }
}
