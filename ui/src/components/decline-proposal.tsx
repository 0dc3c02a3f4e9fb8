import type { Proposal } from "flyball/client";
import { type FormEvent, useState } from "react";
import { useDecline } from "../api/optimizer.ts";
import { Button, Problem } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { ReasonField } from "./field.tsx";

/** Says no to a proposal, with the reason that the journal will have. */
export function DeclineProposal({ proposal, onClose }: { proposal: Proposal; onClose: () => void }) {
  const decline = useDecline(proposal.id);
  const [reason, setReason] = useState("");
  const { kind, name } = proposal.asset;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    decline.mutate(reason, { onSuccess: onClose });
  };
  return (
    <Dialog title="Decline the proposal?" onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <p>
          It is not made again as long as {kind} {name} stays as it is; a new version of that may bring it
          back.
        </p>
        <ReasonField value={reason} onChange={setReason} />
        {decline.error ? <Problem error={decline.error} /> : null}
        <div className="flex gap-2">
          <Button type="submit" look="danger" disabled={decline.isPending || reason.trim() === ""}>
            Decline
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
