import { useNavigate } from "@tanstack/react-router";
import type { Run } from "flyball/client";
import { isFinal, useRunCommand } from "../api/runs.ts";
import { Button } from "./basics.tsx";

/** What can be done with a run in its state; each is one call of the API. */
export function RunActions({ run, step }: { run: Run; step: string | undefined }) {
  const command = useRunCommand(run.runId);
  const navigate = useNavigate();
  const act = (name: "pause" | "resume" | "cancel") => () => command.mutate({ command: name });
  const restart = () =>
    command.mutate(
      { command: "restart", from: step ?? "" },
      { onSuccess: ({ runId }) => navigate({ to: "/runs/$id", params: { id: runId } }) },
    );
  const ended = isFinal(run.status);
  return (
    <>
      {command.error ? (
        <span role="alert" className="self-center text-bad">
          {command.error.message}
        </span>
      ) : null}
      {run.status === "paused" ? (
        <Button look="primary" onClick={act("resume")} disabled={command.isPending}>
          Resume
        </Button>
      ) : null}
      {!ended && run.status !== "paused" ? (
        <Button onClick={act("pause")} disabled={command.isPending}>
          Pause
        </Button>
      ) : null}
      {ended ? null : (
        <Button look="danger" onClick={act("cancel")} disabled={command.isPending}>
          Cancel run
        </Button>
      )}
      {ended && step ? (
        <Button onClick={restart} disabled={command.isPending}>
          Restart from {step}
        </Button>
      ) : null}
    </>
  );
}
