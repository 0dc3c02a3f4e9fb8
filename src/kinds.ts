import { join } from "node:path";
import { type Code, createCode, type HostLimits } from "./actions/code/index.ts";
import { createTools } from "./actions/tools/index.ts";
import { type Clock, systemClock } from "./core/base/index.ts";
import { coreKinds } from "./core/executor/index.ts";
import { type Asset, type KindRegistry, kindRegistry } from "./core/workflow/index.ts";
import { createGateway, type Gateway, type Ledger } from "./models/gateway/index.ts";
import { extract, lexicalVector, loadClassifier } from "./models/learning/index.ts";
import { createRetrieval, type SearchIndexes } from "./models/retrieval/index.ts";
import { humanReviewKind } from "./people/reviews/index.ts";
import { secretFromEnvironment } from "./project/index.ts";
import { sqliteAnswers, sqliteSearchIndexes } from "./store/sqlite/index.ts";

export interface KindParts {
  readonly kinds: KindRegistry;
  readonly code: Code;
  readonly gateway: Gateway;
  readonly indexes: SearchIndexes;
  close(): Promise<void>;
}

/** Where the kinds keep what they keep, and what they run users' code with. */
export interface KindOptions {
  /** The data folder. */
  readonly home: string;
  readonly clock?: Clock;
  /** Limits of users' code in processes of its own, where they differ. */
  readonly codeLimits?: Partial<HostLimits>;
  /** What users' code writes to its standard output and error; to our standard error when absent. */
  readonly onOutput?: (text: string) => void;
  /** Without it, calls are under no budget and cost nothing that anybody counts: nothing is run. */
  readonly ledger?: Ledger;
}

/** Every kind of step that there is, and what runs users' code. Touches no disk until a step needs it. */
export function createKinds(options: KindOptions): KindParts {
  const { home, clock = systemClock, ledger } = options;
  const secrets = secretFromEnvironment;
  const indexes = sqliteSearchIndexes(join(home, "indexes"));
  const answers = sqliteAnswers(join(home, "answers.db"));
  const gateway = createGateway({
    clock,
    secrets,
    baseDir: join(home, "models"),
    local: { loadClassifier, extract, lexicalVector },
    answers,
    ...(ledger ? { ledger } : {}),
  });
  const retrieval = createRetrieval({ indexes, baseDir: home });
  const tools = createTools({
    clock,
    secrets,
    allowHttp: (context) => allowedHosts(context.asset("policy", "http")),
  });
  const kinds = kindRegistry([
    gateway.inferenceKind,
    retrieval.retrievalKind,
    humanReviewKind,
    ...tools.kinds,
    ...coreKinds,
  ]);
  const code = createCode({
    clock,
    kinds,
    ...(options.codeLimits ? { limits: options.codeLimits } : {}),
    placesFolder: join(home, "kinds"),
    onOutput: options.onOutput ?? ((text) => process.stderr.write(text)),
  });
  return {
    kinds,
    code,
    gateway,
    indexes,
    async close() {
      await code.close();
      await tools.close();
      await gateway.close();
      indexes.close();
      answers.close();
    },
  };
}

/** Where the outgoing calls of a run may go: what its release has pinned, whatever the settings say now. */
function allowedHosts(policy: Asset): readonly string[] {
  return (policy.content as { allow: readonly string[] }).allow;
}
