/**
 * project: a folder of workflow files, with everything that they name.
 *
 * What: settings (`flyball.yaml`), the loader that finds prompts, tools, rulesets, scripts, indexes,
 * own kinds of step and child workflows, the flat form, and input files of rows.
 * Owns: where files are looked for, and what of them a release pins.
 * Promises: reads files and writes none; a name never leads outside the folder; what is wrong with a
 * file is said with line and column before anything starts.
 * Read first: `loader.ts`.
 */

export { assetKinds } from "./asset-kinds.ts";
export { placeOf, sectionOf, type WrittenAsset } from "./asset-text.ts";
export { type InputFile, readInputFile, readTable, type Table } from "./input-rows.ts";
export { Intake, type Loaded, type Opened } from "./intake.ts";
export {
  FileUnreadable,
  isModule,
  type LoadedFile,
  ProjectLoader,
  projectFolderOf,
  readText,
} from "./loader.ts";
export {
  chooseSetting,
  readSettings,
  type Setting,
  SettingInvalid,
  type Settings,
  secretFromEnvironment,
} from "./settings.ts";
