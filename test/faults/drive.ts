/**
 * `node drive.ts HOME PROJECT`: drives the run of every-feature.ts in a process that may be killed. Each
 * acknowledgement is a line on standard output, written before anything else happens.
 */
import { writeSync } from "node:fs";
import { drive } from "./every-feature.ts";

const [home = "", project = ""] = process.argv.slice(2);
await drive(home, project, (what) => writeSync(1, `${what}\n`));
