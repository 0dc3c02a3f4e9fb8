/**
 * http: the way in for programs; the command line comes in through it too.
 *
 * What: the API under `/v1`, one folder a resource; on a port of this machine, and on the local socket
 * of the data folder.
 * Owns: requests, their schemas, presenters and problem documents. No decision is made here.
 * Promises: an answer of 200 or 202 to a write comes after its commit; errors are RFC 9457 documents
 * with stable codes; only this machine is answered, under its own names.
 * Read first: `app.ts`.
 */
export { createApp } from "./app.ts";
export type { BatchLine } from "./batches/index.ts";
export type { Summary } from "./batches/summary.ts";
export type { DoctorReport } from "./journal/doctor.ts";
export { type DescribedOperation, type OpenapiDocument, openapiDocument } from "./openapi/index.ts";
export { type Listening, listenLocally, listenOnPort, socketPathOf } from "./server.ts";
