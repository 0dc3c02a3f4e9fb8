/**
 * cli: the way in for people.
 *
 * What: one file a command. All but loading and training goes through the API, in this process or in the
 * one that owns the data folder.
 * Promises: results go to standard output and everything about them to standard error; exit codes are
 * 0 done, 1 done with failures, 2 bad input, 3 not possible now.
 * Read first: `program.ts`, then `connect.ts`.
 */
const nodeMajor = 26;

/** A reader that went away (`| head`) is no failure of ours. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

if (Number(process.versions.node.split(".")[0]) < nodeMajor) {
  process.stderr.write(
    `Flyball runs on Node ${nodeMajor}, this is ${process.version}: use npm scripts or bin/flyball, which bring it along.\n`,
  );
  process.exitCode = 3;
} else {
  // Loaded only now: an older Node fails on what these modules import, before any word of ours.
  const { runCommand } = await import("./program.ts");
  process.exitCode = await runCommand();
}
