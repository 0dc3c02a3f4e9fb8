import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type Json, messageOf, sha256, toJson } from "../../../core/base/index.ts";
import { messageText } from "../../prompts/index.ts";
import {
  type ClassifierContent,
  type ExtractiveContent,
  type LexicalContent,
  modelName,
} from "../content.ts";
import { ModelFileChanged, ModelInputMissing, ModelLacksAbility } from "../errors.ts";
import type { Model, ModelCall, ModelReply } from "../model.ts";

/** The small models of our own, as the gateway needs them; `models/learning` makes them. */
export interface LocalModels {
  loadClassifier(file: string): LocalClassifier | Promise<LocalClassifier>;
  extract(request: ExtractRequest): Extracted;
  lexicalVector(text: string): readonly number[];
}

export interface LocalClassifier {
  predict(text: string): {
    readonly label: string;
    /** Calibrated probability that the label is right. */
    readonly confidence: number;
    readonly top: unknown;
    readonly evidence: unknown;
  };
}

export interface ExtractRequest {
  readonly question: string;
  readonly sources: readonly ExtractSource[];
}

export interface ExtractSource {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface Extracted {
  readonly value: string;
  /** Null when there is none that would be justified. */
  readonly confidence: number | null;
  readonly evidence: unknown;
}

/**
 * A classifier from its file, loaded at the first call and kept. The file must be the one whose digest
 * was pinned: a run that goes on after a training shall not change its mind halfway.
 */
export function localClassifier(
  content: ClassifierContent,
  { baseDir, local }: { baseDir: string; local: LocalModels },
): Model {
  const name = modelName(content);
  let loading: Promise<LocalClassifier> | undefined;
  const load = async () => {
    const file = pinnedFile(content, baseDir);
    return local.loadClassifier(file);
  };
  return async (call) => {
    refuseVectors(call, name);
    loading ??= load();
    // A failure is not kept: the file may be put right, and the step resumed.
    const classifier = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const { label, confidence, top, evidence } = classifier.predict(textToClassify(call, name));
    return localReply(content, { value: label, confidence, top: asJson(top), evidence: asJson(evidence) });
  };
}

/** Answers made of the sources' own sentences. */
export function localExtractive(content: ExtractiveContent, local: LocalModels): Model {
  const name = modelName(content);
  return async (call) => {
    refuseVectors(call, name);
    const { value, confidence, evidence } = local.extract({
      question: questionOf(call, name),
      sources: sourcesOf(call, name),
    });
    return localReply(content, { value, confidence, top: null, evidence: asJson(evidence) });
  };
}

function refuseVectors(call: ModelCall, name: string): void {
  if (call.embed) throw new ModelLacksAbility(name, "it makes no vectors");
}

/** Vectors that say which texts share words, not which mean the same. */
export function localLexical(content: LexicalContent, local: LocalModels): Model {
  return async (call) => {
    if (!call.embed) throw new ModelLacksAbility(modelName(content), "it makes vectors, and answers nothing");
    const value = call.embed.map((text) => [...local.lexicalVector(text)]);
    return localReply(content, { value, confidence: null, top: null, evidence: null });
  };
}

/** The copy that is kept under its digest, or else the project's own file while it is still the same. */
function pinnedFile(content: ClassifierContent, baseDir: string): string {
  const name = modelName(content);
  const kept = join(baseDir, content.fileSha256);
  const file = existsSync(kept) ? kept : resolve(baseDir, content.file);
  if (readDigest(file, name) !== content.fileSha256)
    throw new ModelFileChanged(name, content.file, "it was trained again since");
  return file;
}

function readDigest(file: string, name: string): string {
  try {
    return sha256(readFileSync(file));
  } catch (error) {
    throw new ModelFileChanged(name, file, messageOf(error));
  }
}

/** An empty text is a text: it tells the classifier nothing, and its confidence says so. */
function textToClassify(call: ModelCall, name: string): string {
  const text = call.input.text ?? lastUserMessage(call);
  if (typeof text !== "string")
    throw new ModelInputMissing(name, "a text: `input.text`, or a message of a user");
  return text;
}

/** Without a question, the sources are summarised. */
function questionOf(call: ModelCall, name: string): string {
  const { question, message, text } = call.input;
  const asked = question ?? message ?? text ?? "";
  if (typeof asked !== "string")
    throw new ModelInputMissing(
      name,
      "a text as its question: `input.question`, `input.message` or `input.text`",
    );
  return asked;
}

function lastUserMessage(call: ModelCall): string | undefined {
  const message = call.messages.findLast(({ role }) => role === "user");
  return message && messageText(message);
}

/** `input.sources`: texts, or documents as `retrieval` gives them; one of either is a list of one. */
function sourcesOf(call: ModelCall, name: string): readonly ExtractSource[] {
  const given = call.input.sources ?? call.input.documents;
  if (given === undefined || given === null)
    throw new ModelInputMissing(
      name,
      "`input.sources` or `input.documents`: texts, or what a retrieval found",
    );
  const list: readonly Json[] = Array.isArray(given) ? given : [given];
  return list.map((source, index) => sourceOf(source, index, name));
}

function sourceOf(source: Json, index: number, name: string): ExtractSource {
  const byDefault = String(index + 1);
  if (typeof source === "string") return { id: byDefault, title: "", text: source };
  if (!isJsonObject(source) || typeof source.text !== "string")
    throw new ModelInputMissing(name, "each of `input.sources` to be a text or to have `text`");
  return { id: String(source.id ?? byDefault), title: String(source.title ?? ""), text: source.text };
}

/** Runs in this process: no tokens, no cost. */
function localReply(
  content: ClassifierContent | ExtractiveContent | LexicalContent,
  answer: Pick<ModelReply, "value" | "confidence" | "top" | "evidence">,
): ModelReply {
  const tokens = { input: 0, cached: 0, output: 0, reasoning: 0 };
  return {
    ...answer,
    tokens,
    costUsd: 0,
    provider: content.provider,
    model: content.model,
    simulated: false,
  };
}

/** What the local models give is plain data; members that are undefined fall away. */
function asJson(value: unknown): Json {
  return value === undefined ? null : toJson(value);
}
