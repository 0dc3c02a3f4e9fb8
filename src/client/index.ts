/**
 * client: the HTTP API as typed functions, for browsers and Node, without a dependency.
 *
 * What: `createClient` asks any operation by its method and path; pages, JSON Lines and the events of a
 * run are followed as they come; an error is an `ApiProblem` with the code of its problem document.
 * Owns: nothing of the engine: it knows only the API. `generated.ts` is made of the API's description.
 * Promises: what compiles is a request that the API knows, and an answer as it gives it.
 * Read first: `client.ts`.
 */
export { ApiProblem, type Client, type ClientOptions, createClient, type Request } from "./client.ts";
export type * from "./generated.ts";
