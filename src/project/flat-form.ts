import type { Json, JsonObject } from "../core/base/index.ts";
import type { FlatForm, FlatStep } from "../core/workflow/index.ts";

/**
 * How the flat form (`- name: X`, `type: inference`, fields beside it) writes kinds whose fields have
 * other names there. A step that is given no input receives the value of the step above it.
 */
export const flatForm: FlatForm = {
  retrieval: (fields) => {
    const { source } = fields;
    if (typeof source === "string" && /^[a-z][a-z0-9+.-]*:\/\//i.test(source))
      return {
        problem: `${source.slice(0, source.indexOf("://") + 3)} needs object storage, which is not built yet; a local folder or file works`,
        field: "source",
      };
    return { kind: "retrieval", config: fields };
  },
  transform: (fields, previous) => {
    const { script, ...rest } = fields;
    if (script === undefined) return { kind: "transform", config: { ...asValue(previous), ...rest } };
    return { kind: "script", config: { file: script, ...asInput(previous), ...rest } };
  },
  script: (fields, previous) => ({ kind: "script", config: { ...asInput(previous), ...fields } }),
  inference: (fields, previous) => {
    const { promptTemplate, ...rest } = fields;
    const prompt: JsonObject = promptTemplate === undefined ? {} : { prompt: promptTemplate };
    return { kind: "inference", config: { ...prompt, ...asInput(previous), ...rest } };
  },
  quality_check: (fields, previous) => ({
    kind: "quality_check",
    config: { ...asValue(previous), ...fields },
  }),
  human_review: (fields, previous) => ({ kind: "human_review", config: { ...asDraft(previous), ...fields } }),
  retrain: (fields): FlatStep => ({ kind: "retrain", config: fields }),
};

const asValue = (previous: string | null): JsonObject => (previous ? { value: reference(previous) } : {});
const asInput = (previous: string | null): JsonObject => (previous ? { input: reference(previous) } : {});
const asDraft = (previous: string | null): JsonObject => (previous ? { draft: reference(previous) } : {});

function reference(step: string): Json {
  return `{{ ${step}.value }}`;
}
