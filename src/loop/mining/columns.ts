/** Where in a log each thing stands that is mined: names of columns of CSV, or keys of attributes of XES. */
export interface LogColumns {
  readonly case: string;
  readonly activity: string;
  readonly timestamp: string;
  /** When the work of the event began. */
  readonly start?: string;
  readonly resource?: string;
  readonly lifecycle?: string;
  readonly cost?: string;
}

/** As the extensions of XES name them; `start_timestamp` is what other tools write too. */
export const xesColumns = {
  case: "concept:name",
  activity: "concept:name",
  timestamp: "time:timestamp",
  start: "start_timestamp",
  resource: "org:resource",
  lifecycle: "lifecycle:transition",
  cost: "cost:total",
} as const satisfies LogColumns;

/** The names of our own tables, in their order. */
export const csvColumns = {
  case: "case",
  activity: "activity",
  timestamp: "timestamp",
  start: "start",
  resource: "resource",
  lifecycle: "lifecycle",
  cost: "cost",
} as const satisfies LogColumns;

/** What Flyball alone knows of an event, by the key that it has in a file. */
export const waitColumns = {
  queue_wait_ms: "queueMs",
  human_wait_ms: "humanMs",
  external_wait_ms: "externalMs",
} as const;
