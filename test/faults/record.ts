import assert from "node:assert/strict";
import { flyball, jsonLines } from "../command.ts";

/** An event of an exported journal, as far as the fault tests look at it. */
export interface Recorded {
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly hash: string;
  readonly data: { readonly path?: string } | null;
}

/** Every event of a data folder that no process owns. */
export async function recordedEvents(
  folder: string,
  options: readonly string[] = [],
): Promise<readonly Recorded[]> {
  const { stdout, stderr, code } = await flyball(["export", ...options], { cwd: folder });
  assert.equal(code, 0, stderr);
  return jsonLines<Partial<Recorded>>(stdout).filter((line): line is Recorded => line.stream !== undefined);
}

/** The journal verifies, and the control tables are what it says. */
export async function assertSound(folder: string, options: readonly string[] = []): Promise<void> {
  for (const command of ["verify", "doctor"]) {
    const { stdout, stderr } = await flyball([command, "--json", ...options], { cwd: folder });
    assert.equal(JSON.parse(stdout || "{}").ok, true, `${command}: ${stdout}${stderr}`);
  }
}
