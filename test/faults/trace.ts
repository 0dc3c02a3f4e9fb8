import assert from "node:assert/strict";

/** What a process asked of the file system, in order, and what it told its client meanwhile. */
export type Operation =
  | { readonly type: "create"; readonly path: string; readonly truncated: boolean }
  | { readonly type: "folder"; readonly path: string }
  | { readonly type: "write"; readonly path: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: "truncate"; readonly path: string; readonly length: number }
  | { readonly type: "sync"; readonly path: string }
  | { readonly type: "rename"; readonly path: string; readonly to: string }
  | { readonly type: "remove"; readonly path: string }
  | { readonly type: "told"; readonly text: string };

const calls = [
  "openat",
  "write",
  "pwrite64",
  "fsync",
  "fdatasync",
  "ftruncate",
  "rename",
  "unlink",
  "mkdir",
  // Not understood by the reader below, so that it fails when the engine begins to use them.
  "writev",
  "pwritev",
  "fallocate",
  "renameat",
  "renameat2",
  "unlinkat",
  "mkdirat",
  "rmdir",
  "copy_file_range",
  "sendfile",
  "msync",
];

/** Runs a command so that `file` receives everything it does to files, with all of its data. */
export function straceTo(file: string): readonly string[] {
  const all = ["-f", "-qq", "--seccomp-bpf", "-y", "-s", "100000000", "-xx"];
  return ["strace", ...all, "-e", `trace=${calls.join()}`, "-o", file];
}

const standardOutput = "1";

/** Reads what `straceTo` wrote, as far as it is about files under `folder`. Paths are below it. */
export function readTrace(text: string, folder: string): readonly Operation[] {
  const unfinished = new Map<string, string>();
  const offsets = new Map<string, number>();
  const operations: Operation[] = [];
  for (const line of text.split("\n")) {
    const whole = wholeCall(line, unfinished);
    if (whole !== undefined) operations.push(...operationsOf(whole, folder, offsets));
  }
  return operations;
}

/** A call that another thread's interrupts is told in two lines; it takes its place where it ends. */
function wholeCall(line: string, unfinished: Map<string, string>): string | undefined {
  const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
  const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
  if (resumed) return `${unfinished.get(thread)}${resumed[1]}`;
  const begun = / <unfinished \.\.\.>$/.exec(rest);
  if (!begun) return rest;
  unfinished.set(thread, rest.slice(0, begun.index));
  return undefined;
}

function operationsOf(call: string, folder: string, offsets: Map<string, number>): readonly Operation[] {
  const [, name = "", argumentsText = "", result = ""] = /^(\w+)\((.*)\) += (-?\d+)/.exec(call) ?? [];
  if (Number(result) < 0 || name === "") return [];
  const [first = "", ...others] = argumentsText.split(", ");
  const [, descriptor = "", opened = ""] = /^(\w+)<(.*?)>/.exec(first) ?? [];
  if (name === "write" && descriptor === standardOutput)
    return [{ type: "told", text: Buffer.from(bytesOf(others[0] ?? "")).toString("utf8") }];
  const below = (escaped: string) => pathBelow(folder, Buffer.from(bytesOf(escaped)).toString("utf8"));
  const path = descriptor === "AT_FDCWD" ? below(others[0] ?? "") : below(opened || first);
  if (path === undefined) return [];
  const number = (index: number) => Number(others[index]);
  switch (name) {
    case "openat":
      offsets.set(path, 0);
      if (!/O_CREAT|O_TRUNC/.test(call)) return [];
      return [{ type: "create", path, truncated: /O_TRUNC/.test(call) }];
    case "write": {
      const at = offsets.get(path) ?? 0;
      offsets.set(path, at + Number(result));
      return [{ type: "write", path, at, bytes: bytesOf(others[0] ?? "").subarray(0, Number(result)) }];
    }
    case "pwrite64":
      return [{ type: "write", path, at: number(2), bytes: bytesOf(others[0] ?? "") }];
    case "fsync":
    case "fdatasync":
      return [{ type: "sync", path }];
    case "ftruncate":
      return [{ type: "truncate", path, length: number(0) }];
    case "mkdir":
      return [{ type: "folder", path }];
    case "unlink":
      return [{ type: "remove", path }];
    case "rename":
      return [{ type: "rename", path, to: below(others[0] ?? "") ?? assert.fail(call) }];
    default:
      return assert.fail(`the trace has a call that this reader does not know: ${call.slice(0, 200)}`);
  }
}

/** The path relative to the folder, `` for the folder itself; undefined outside it. */
function pathBelow(folder: string, path: string): string | undefined {
  if (path === folder) return "";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

/** `\x41\x42`, with or without quotes, as bytes. */
function bytesOf(escaped: string): Uint8Array {
  return Buffer.from(escaped.replaceAll(/["\\x]/g, ""), "hex");
}
