import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { after, describe, test } from "node:test";
import { systemClock } from "../src/core/base/index.ts";
import { projectFiles, readProjectFile, root } from "./source-text.ts";

// What the README and the guide show is run, page by page, in a folder of the page's own that holds the
// examples. The blocks of a page share that folder, in their order, as they do for a reader.
//
// In a ```sh block
//   command                        must end with exit code 0
//   command  # exits 2             must end with that code
//   command  # not run: reason     is left out; a line of its own, `# not run: reason`, leaves out the rest
//   npm start -- --exit            does what npm would do once the packages are installed
//   npm test                       is left out, like any npm command that .ci/run runs
// A block of another language is saved for the commands after it when its fence names a file
// (```yaml greet.yaml) or its first line is a comment with nothing but a file name (# greet.yaml).
// A ```yaml block that is a whole workflow must pass `flyball validate`.

const blockTimeoutMs = 120_000;
const startAndExit = "npm start -- --exit";

interface Block {
  readonly line: number;
  readonly language: string;
  /** The second word after the fence. */
  readonly file: string | undefined;
  readonly text: string;
}

function blocksOf(markdown: string): readonly Block[] {
  const fences = markdown.matchAll(/^([ ]*)```([\w-]+)[ ]*([^\s`]*)[^\n]*\n([\s\S]*?)^\1```[ ]*$/gm);
  return [...fences].map(({ index, 2: language = "", 3: word = "", 4: text = "" }) => ({
    line: markdown.slice(0, index).split("\n").length,
    language,
    file: word || /^(?:#|\/\/) ([\w./-]+\.\w+)\n/.exec(text)?.[1],
    text,
  }));
}

/** The shell script that runs a block; empty when there is nothing to run. */
function scriptOf(text: string, coveredByCi: (command: string) => boolean): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (/^\s*# not run: \S/.test(line)) break;
    const [, command = "", exits] = /^(.*?)(?:\s+# exits (\d+)\s*)?$/.exec(line) ?? [];
    if (/\s# not run: \S/.test(line)) continue;
    if (bareCommand(line) === startAndExit) lines.push("sh scripts/start.sh --exit");
    else if (coveredByCi(bareCommand(line))) continue;
    else lines.push(exits ? `code=0; ${command} || code=$?; [ "$code" -eq ${exits} ]` : command);
  }
  const isEmpty = lines.every((line) => /^\s*(?:#.*)?$/.test(line));
  return isEmpty ? "" : `set -eu\ntrap 'pwd >"$FOLDER_FILE"' EXIT\n${lines.join("\n")}\n`;
}

function bareCommand(line: string): string {
  return line.replace(/\s+#.*$/, "").trim();
}

function isWholeWorkflow({ language, text }: Block): boolean {
  return (
    language === "yaml" &&
    /^workflow:/m.test(text) &&
    (/^steps:/m.test(text) || /^workflow:\s*\n\s*- /m.test(text))
  );
}

/** Commands that CI runs as they stand, or with more arguments. */
function ciCommands(): (command: string) => boolean {
  const ci = readProjectFile(".ci/run")
    .split("\n")
    .map((line) => bareCommand(line).replace(/^step /, ""));
  return (command) => command.startsWith("npm ") && ci.some((line) => `${line} `.startsWith(`${command} `));
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a shell script; ends it, and everything that it started, when it takes too long. */
function runScript(script: string, folder: string, environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = spawn("sh", ["-c", script], {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  const stopTimer = systemClock.after(blockTimeoutMs, () => endGroup(child));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => endGroup(child)); // what a block leaves in the background ends with it
    child.on("close", (code) => {
      stopTimer();
      resolve({ code, output: Buffer.concat(printed).toString("utf8") });
    });
  });
}

function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing is left of the group.
  }
}

/** The folder that a page's commands run in, and the one that they have gone to. */
function pageFolder() {
  const folder = mkdtempSync(join(tmpdir(), "flyball-docs-"));
  const home = join(folder, "page");
  const folderFile = join(folder, "folder");
  for (const part of ["examples", "scripts"]) cpSync(join(root, part), join(home, part), { recursive: true });
  symlinkSync(join(root, "bin"), join(home, "bin"));
  writeFileSync(folderFile, home);
  const environment = {
    ...process.env,
    PATH: `${join(root, "bin")}:${process.env.PATH}`,
    FOLDER_FILE: folderFile,
    NO_COLOR: "1",
  };
  const here = () => readFileSync(folderFile, "utf8").trim();
  return {
    remove: () => rmSync(folder, { recursive: true, force: true }),
    run: (script: string) => runScript(script, here(), environment),
    save: (file: string, text: string) => {
      const path = join(here(), file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
  };
}

const pages = ["README.md", ...projectFiles("docs/guide").filter((file) => file.endsWith(".md"))];

for (const page of pages)
  describe(page, () => {
    if (!existsSync(join(root, page))) {
      test("is there", () => assert.fail(`${page} is missing`));
      return;
    }
    const markdown = readProjectFile(page);
    const folder = pageFolder();
    after(folder.remove);

    for (const block of blocksOf(markdown)) {
      const name = `${page}:${block.line}`;
      if (block.language === "sh") {
        const script = scriptOf(block.text, ciCommands());
        if (script)
          test(`the commands of ${name} run`, async () => passes(await folder.run(script), block.text));
        continue;
      }
      const file = block.file ?? (isWholeWorkflow(block) ? `line-${block.line}.yaml` : undefined);
      if (!file) continue;
      test(`${name} is saved${isWholeWorkflow(block) ? ", and is a workflow" : ""}`, async () => {
        folder.save(file, block.text);
        if (isWholeWorkflow(block)) passes(await folder.run(`flyball validate ${file}`), block.text);
      });
    }

    test("links lead somewhere, and npm scripts are there", () => {
      assert.deepEqual(deadLinks(page, markdown), []);
      assert.deepEqual(unknownScripts(markdown), []);
    });
  });

function passes({ code, output }: Outcome, shown: string): void {
  assert.equal(code, 0, `exit code ${code}\n\n${shown}\n${output}`);
}

function deadLinks(page: string, markdown: string): readonly string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, target = ""]) => target.split("#")[0] ?? "",
  );
  const local = targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
  return local.filter((target) => !existsSync(join(root, posix.join(posix.dirname(page), target))));
}

function unknownScripts(markdown: string): readonly string[] {
  const { scripts } = JSON.parse(readProjectFile("package.json"));
  const named = [...markdown.matchAll(/\bnpm (?:run ([\w:-]*\w)|(start|test)\b)/g)].map(
    ([, run, short]) => run ?? short ?? "",
  );
  return named.filter((name) => !(name in scripts));
}

describe("this test", () => {
  const folder = pageFolder();
  after(folder.remove);
  const codeOf = async (text: string) => (await folder.run(scriptOf(text, () => false) || "true")).code;

  test("fails when a command fails, in the middle of a block too", async () => {
    assert.equal(await codeOf("true\ntrue"), 0);
    assert.notEqual(await codeOf("false\ntrue"), 0);
    assert.notEqual(await codeOf("flyball validate no-such-file.yaml"), 0);
  });

  test("knows the exit code that a line says", async () => {
    assert.equal(await codeOf("(exit 2)  # exits 2\ntrue"), 0);
    assert.notEqual(await codeOf("(exit 1)  # exits 2\ntrue"), 0);
    assert.notEqual(await codeOf("true  # exits 2"), 0);
  });

  test("leaves out what is marked, with a reason, and what CI runs", () => {
    const script = (text: string) => scriptOf(text, ciCommands());
    assert.equal(script("flyball serve  # not run: until stopped"), "");
    assert.equal(script("# not run: needs a key\nflyball run a.yaml"), "");
    assert.notEqual(script("flyball run a.yaml  # not run:"), "");
    assert.equal(script("npm test\nnpm run check   # what CI runs"), "");
    assert.match(script("npm start -- --exit   # the example"), /start\.sh --exit/);
    assert.equal(script("npm start"), "");
    assert.notEqual(script("npm run bench"), "");
  });

  test("keeps to the folder that a block has gone to", async () => {
    await folder.run(scriptOf("mkdir inner\ncd inner", () => false));
    folder.save("found.txt", "here");
    assert.equal(await codeOf("test -f ../inner/found.txt\ncd .."), 0);
  });

  test("finds blocks, files, workflows, dead links and unknown scripts", () => {
    const text =
      "a\n```yaml greet.yaml\nworkflow: a\nsteps: []\n```\n\n```yaml\n# b.yaml\nname: b\n```\n```sh\nls\n```\n";
    const [greet, other, commands] = blocksOf(text);
    assert.deepEqual([greet?.file, greet?.line, other?.file], ["greet.yaml", 2, "b.yaml"]);
    assert.deepEqual(
      [greet, other, commands].map((block) => block !== undefined && isWholeWorkflow(block)),
      [true, false, false],
    );
    assert.deepEqual([commands?.language, commands?.text], ["sh", "ls\n"]);
    assert.deepEqual(deadLinks("docs/a.md", "[a](../package.json#x) [b](no.md) [c](https://example.com)"), [
      "no.md",
    ]);
    assert.deepEqual(unknownScripts("`npm start`, `npm run check`, `npm run nothing`"), ["nothing"]);
  });
});
