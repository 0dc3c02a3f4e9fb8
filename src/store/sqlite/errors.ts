import { FlyballError } from "../../core/base/index.ts";

/** Another process owns the data folder. */
export class FolderTaken extends FlyballError {
  readonly code = "FOLDER_TAKEN";
  override readonly status = 503;
  override readonly exitCode = 3;
  readonly folder: string;
  constructor(folder: string) {
    super(
      `Another flyball process is using ${folder}. Stop it first, or use another folder with --home DIR.`,
    );
    this.folder = folder;
  }
}

export class DatabaseUnusable extends FlyballError {
  readonly code = "DATABASE_UNUSABLE";
  override readonly exitCode = 3;
  readonly file: string;
  constructor(file: string, reason: string) {
    super(`${file} cannot be used: ${reason}.`);
    this.file = file;
  }
}
