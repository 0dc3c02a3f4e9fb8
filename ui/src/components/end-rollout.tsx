import type { Rollout } from "flyball/client";
import { useState } from "react";
import { useRolloutCommand } from "../api/rollouts.ts";
import { Button, Problem } from "./basics.tsx";
import { Field } from "./field.tsx";

/** The two ways to end a rollout, each with the reason that the journal will have; what was promoted can go back. */
export function EndRollout({ rollout }: { rollout: Pick<Rollout, "id" | "status"> }) {
  const command = useRolloutCommand(rollout.id);
  const [reason, setReason] = useState("");
  const end = (name: "promote" | "rollback") => () => command.mutate({ command: name, reason });
  return (
    <div className="space-y-3">
      <Field
        title="Reason"
        note="Rolling back needs one. New runs get the version from before at once; runs under way keep what they have."
        value={reason}
        onChange={({ target }) => setReason(target.value)}
        maxLength={2_000}
      />
      <div className="flex flex-wrap gap-2">
        <Button look="danger" onClick={end("rollback")} disabled={command.isPending || reason.trim() === ""}>
          ↶ Roll back
        </Button>
        {rollout.status === "running" ? (
          <Button look="primary" onClick={end("promote")} disabled={command.isPending}>
            ✓ Promote to production
          </Button>
        ) : null}
      </div>
      {command.error ? <Problem error={command.error} /> : null}
    </div>
  );
}
