import { stringify } from "yaml";
import { loadScript, loadTool } from "../actions/tools/index.ts";
import { FlyballError, isJsonObject, type Json } from "../core/base/index.ts";
import { loadRuleset } from "../core/executor/kinds/index.ts";
import type { Asset } from "../core/workflow/index.ts";
import { loadPrompt } from "../models/prompts/index.ts";
import { placesOf } from "./places.ts";
import type { Settings } from "./settings.ts";

/** The text that an asset was made from, and the file that it stands in, from the project's folder. */
export interface Written {
  readonly text: string;
  readonly file: string;
}

interface AssetFile {
  /** As messages call it; its ending says how it is read. */
  readonly file: string;
  readonly text: string;
  readonly name: string;
  /** The tools that a prompt may name. */
  readonly tool: (name: string) => Asset | undefined;
}

/** The asset of a file of its own. Throws `WorkflowInvalid` with every problem of it. */
export function loadAsset(kind: string, file: AssetFile): Asset | undefined {
  switch (kind) {
    case "prompt":
      return loadPrompt(file);
    case "tool":
      return loadTool(file);
    case "ruleset":
      return loadRuleset(file);
    case "script":
      return loadScript(file);
    default:
      return undefined;
  }
}

export const settingsFileName = "flyball.yaml";

/** An asset as it is written: the text of its file, or its entry of the settings. */
export interface WrittenAsset {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
  /** The file that it would stand in, from the project's folder; its ending says how it is read. */
  readonly file?: string | undefined;
}

/** A kind that is more than a text: its versions come from the files of a project. */
export class AssetUnwritable extends FlyballError {
  readonly code = "ASSET_UNWRITABLE";
  override readonly status = 422;
  constructor(kind: string) {
    super(`A ${kind} comes from the files of a project; push them instead.`);
  }
}

/** The file of an asset that does not say where it stands. */
export function placeOf(kind: string, name: string): string {
  if (sectionOf[kind] !== undefined) return settingsFileName;
  return placesOf[kind]?.[0]?.replace("NAME", name) ?? name;
}

/** Where a kind of asset stands in the settings. */
export const sectionOf: Readonly<Record<string, string>> = {
  route: "routes",
  model: "models",
  index: "indexes",
};

/** The entry of the settings that an asset was made from; undefined when it has none. */
export function settingText({ source }: Settings, kind: string, name: string): Written | undefined {
  const entry = member(member(source?.value, sectionOf[kind] ?? ""), name);
  return entry === undefined ? undefined : { text: stringify(entry), file: settingsFileName };
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (value === undefined || !isJsonObject(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
