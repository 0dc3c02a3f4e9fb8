import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { driven } from "./driven.ts";
import { problemsOf, writeProject } from "./every-feature.ts";
import { type Fault, report, zero } from "./fault.ts";
import { startSink } from "./sink.ts";

// One run goes through everything while a share of all commits is refused, fails, or is done and fails. What
// is refused is told; of what failed nobody knows, so the process ends, and the next one reads what is there.

const share = 0.08;
/** So many lives are not needed to bring one run to its end, unless something is lost each time. */
const livesMax = 200;
const kinds = ["refused", "timed out", "done and timed out"];

/** A process ends by what was injected, and by nothing else. */
const mayFail = (lines: readonly string[]) => lines.some((line) => line.startsWith("injected "));

export const fault: Fault = {
  id: "R4",
  title: `${share * 100}% of all commits refused, failed, or done and failed, under a run with every feature`,
  promise: "G1 G2 G3",
  async run({ full, seed, scratch, progress }) {
    const rounds = full ? 60 : 3;
    const sink = await startSink({ delayMs: 0, failEvery: 7 });
    const injected = new Map<string, number>();
    const problems: string[] = [];
    let [lives, unended] = [0, 0];
    try {
      for (let round = 0; round < rounds; round++) {
        const home = join(scratch, `home-${round}`);
        const project = join(scratch, `project-${round}`);
        mkdirSync(project);
        writeProject(project, sink.port, "everything");
        const acknowledged: string[] = [];
        let hasEnded = false;
        for (let life = 0; life < livesMax && !hasEnded; life++) {
          const env = { REFUSE: `${seed}/${round}/${life}:${share}` };
          const { lines, failed } = await driven(home, project, {
            preload: "preload-refuse.ts",
            env,
            mayFail,
          });
          hasEnded = !failed;
          lives += 1;
          for (const line of lines) {
            const kind = kinds.find((known) => line === `injected ${known}`);
            if (kind) injected.set(kind, (injected.get(kind) ?? 0) + 1);
            else acknowledged.push(line);
          }
        }
        if (!hasEnded) unended += 1;
        else problems.push(...(await problemsOf(home, acknowledged)));
        progress(
          `${round + 1} of ${rounds} runs, ${lives} lives, ${problems.length} problems ${problems.at(-1) ?? ""}`,
        );
      }
    } finally {
      await sink.close();
    }
    const total = kinds.reduce((sum, kind) => sum + (injected.get(kind) ?? 0), 0);
    return [
      ...kinds.map((kind) => report(`commits ${kind}`, injected.get(kind) ?? 0)),
      { name: "commits that went wrong", value: total, target: "> 0", ok: total > 0 },
      report("processes that it took", lives),
      zero("runs that did not end", unended, rounds),
      zero(
        "results lost, recorded twice or wrong, acknowledgements lost, journals that do not verify",
        problems.length,
        rounds,
      ),
    ];
  },
};
