import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createTwoFilesPatch } from "diff";
import { Document, parse, parseDocument } from "yaml";
import { lineId, type Offer, type Taken } from "../core/registry/index.ts";
import { createKinds } from "../kinds.ts";
import { isModule, ProjectLoader, placeOf, sectionOf } from "../project/index.ts";
import { type ShownAsset, versionOf, versionsOf } from "./asset-api.ts";
import { type Api, json } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, note, print, printJson } from "./io.ts";
import { tellKept } from "./kept.ts";
import { servedFiles } from "./served-files.ts";

/** What the files of a folder are as assets, by their lines; nothing is started or recorded. */
async function offersIn(folder: string): Promise<ReadonlyMap<string, Offer>> {
  const scratch = mkdtempSync(join(tmpdir(), "flyball-assets-"));
  const { kinds, code, close } = createKinds({ home: scratch });
  try {
    const loader = await ProjectLoader.open(folder, kinds, code);
    const documents = servedFiles(folder).filter((file) => !isModule(file));
    const offers = [...loader.everything(), ...documents.flatMap((file) => loader.load(file).offers)];
    return new Map(offers.map((offer) => [lineId(offer.asset.kind, offer.asset.name), offer]));
  } finally {
    await close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function assetsOf(api: Api): Promise<readonly ShownAsset[]> {
  const { items } = await json<{ items: ShownAsset[] }>(await api.request("GET", "/v1/assets"));
  return items;
}

export interface PushOptions extends CommonOptions {
  readonly message?: string;
  readonly draft?: boolean;
}

export async function pushFolder(api: Api, path: string, options: PushOptions): Promise<ExitCode> {
  const folder = resolve(path);
  const message = options.message === undefined ? {} : { message: options.message };
  const body = { folder, files: servedFiles(folder), draft: options.draft ?? false, ...message };
  const taken = await json<Taken>(await api.request("POST", "/v1/assets/push", body));
  tellKept(taken);
  if (options.json) printJson(taken);
  else if (taken.added.length + taken.moved.length === 0) print("The registry has all of it already.");
  for (const line of options.json ? [] : new Set([...taken.added, ...taken.moved])) {
    const isNew = taken.added.includes(line) ? "new version" : "version from before";
    print(`${line}: ${isNew}${taken.moved.includes(line) ? ", production" : ""}`);
  }
  return taken.kept.length > 0 ? exit.withFailures : exit.done;
}

/** One unified diff for each file that differs; exit code 1 when one does. */
export async function diffFolder(api: Api, folder: string, options: CommonOptions): Promise<ExitCode> {
  const offers = await offersIn(folder);
  const known = new Map((await assetsOf(api)).map((asset) => [`${asset.kind}/${asset.name}`, asset]));
  const differing: { asset: string; production: string | null; file: string | null; diff: string }[] = [];
  for (const [line, { asset, text = "", file = null }] of offers) {
    const production = known.get(line)?.production ?? null;
    if (production === asset.digest) continue;
    const before = production === null ? "" : (await versionOf(api, line, production)).text;
    const name = file ?? line;
    const diff = createTwoFilesPatch(`${name} ${production?.slice(0, 12) ?? "nowhere"}`, name, before, text);
    differing.push({ asset: line, production, file, diff });
  }
  if (options.json) for (const each of differing) printJson(each);
  else if (differing.length === 0) print("The files are the production versions.");
  else print(differing.map(({ diff }) => diff).join("\n"));
  return differing.length > 0 ? exit.withFailures : exit.done;
}

/** Writes what a label stands on. A file that no version holds was changed by hand: it stays. */
export async function pullFolder(
  api: Api,
  path: string,
  options: CommonOptions & { label: string; force?: boolean },
): Promise<ExitCode> {
  const folder = resolve(path);
  const offers = existsSync(folder) ? await offersIn(folder) : new Map<string, Offer>();
  const written: string[] = [];
  const refused: string[] = [];
  for (const { kind, name, labels } of await assetsOf(api)) {
    const digest = labels[options.label];
    const line = lineId(kind, name);
    if (digest === undefined || !isPullable(kind)) continue;
    const here = offers.get(line)?.asset.digest;
    if (here === digest) continue;
    const { text, file } = await versionOf(api, line, digest);
    const target = join(folder, file ?? placeOf(kind, name));
    const isKnown =
      here === undefined || (await versionsOf(api, line)).some((version) => version.digest === here);
    const isInTheWay = here === undefined && !isSetting(kind) && existsSync(target);
    if ((!isKnown || isInTheWay) && !options.force) refused.push(line);
    else {
      if (isSetting(kind)) writeSetting(target, { kind, name, text });
      else writeFile(target, text);
      written.push(line);
    }
  }
  for (const line of refused)
    note(`${line} was changed here and stays; push it, or overwrite it with --force.`);
  if (options.json) printJson({ written, refused });
  else for (const line of written) print(line);
  if (!options.json && written.length === 0) print("Nothing to write.");
  return refused.length > 0 ? exit.withFailures : exit.done;
}

const isSetting = (kind: string) => sectionOf[kind] !== undefined;

/** What its text alone does not make: files to index, code, and what the settings say for all. */
function isPullable(kind: string): boolean {
  return !["index", "flow", "kind", "policy"].includes(kind);
}

function writeFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** An entry of the settings, with everything else in the file as it is. */
function writeSetting(
  file: string,
  { kind, name, text }: { kind: string; name: string; text: string },
): void {
  const document = existsSync(file) ? parseDocument(readFileSync(file, "utf8")) : new Document({});
  document.setIn([sectionOf[kind], name], document.createNode(parse(text)));
  writeFile(file, document.toString());
}
