import { FlyballError } from "../../core/base/index.ts";

/** The labelled examples are not such that a classifier can be made of them. */
export class TrainingDataInvalid extends FlyballError {
  readonly code = "TRAINING_DATA_INVALID";
  override readonly status = 422;
  /** Index of the example at fault, counted from 0, or null when it is about all of them. */
  readonly example: number | null;
  constructor(reason: string, example: number | null = null) {
    super(`A classifier cannot be trained${example === null ? "" : ` (example ${example + 1})`}: ${reason}.`);
    this.example = example;
  }
}

/** The precision that was wished for is no share that a threshold can be chosen for. */
export class PrecisionInvalid extends FlyballError {
  readonly code = "PRECISION_INVALID";
  override readonly status = 400;
  readonly precision: number;
  constructor(precision: number) {
    super(
      `A precision of ${precision} cannot be promised: it must be above 0 and below 1, for example 0.95.`,
    );
    this.precision = precision;
  }
}

/** The file is not there, or the operating system does not let us read or write it. */
export class ClassifierFileUnusable extends FlyballError {
  readonly code = "CLASSIFIER_FILE_UNUSABLE";
  override readonly exitCode = 3;
  readonly file: string;
  constructor(file: string, reason: string) {
    super(`The classifier file ${file} cannot be used: ${reason}.`);
    this.file = file;
  }
}

/** The file is something else, cut short, or damaged. */
export class ClassifierFileInvalid extends FlyballError {
  readonly code = "CLASSIFIER_FILE_INVALID";
  override readonly status = 422;
  readonly file: string;
  constructor(file: string, reason: string) {
    super(`${file} is no usable classifier: ${reason}. Train it again with \`flyball train classifier\`.`);
    this.file = file;
  }
}

/** The file was written by a later Flyball. */
export class ClassifierFileNewer extends FlyballError {
  readonly code = "CLASSIFIER_FILE_NEWER";
  override readonly exitCode = 3;
  readonly file: string;
  readonly version: number;
  constructor(file: string, version: number, known: number) {
    super(
      `${file} has format ${version}, this Flyball reads up to ${known}. Update Flyball or train it again.`,
    );
    this.file = file;
    this.version = version;
  }
}
