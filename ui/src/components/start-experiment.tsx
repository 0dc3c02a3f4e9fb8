import type { Proposal } from "flyball/client";
import { useStartExperiment } from "../api/optimizer.ts";
import { Bars } from "./bars.tsx";
import { Button, Problem } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";

/** Says what an experiment will do before it does it. */
export function StartExperiment({ proposal, onClose }: { proposal: Proposal; onClose: () => void }) {
  const start = useStartExperiment(proposal.id);
  return (
    <Dialog title="Start the experiment?" onClose={onClose}>
      <ol className="list-decimal space-y-1 pl-5">
        <li>
          A version of {proposal.asset.kind} {proposal.asset.name} is added. Nobody gets it yet.
        </li>
        <li>Recorded runs are walked again with it, without touching or costing anything outside.</li>
        <li>
          Each run of {proposal.workflow} has a shadow with it, which answers nobody and writes nothing. Its
          calls to models cost what they cost.
        </li>
        <li>Once that has shown enough, a tenth of the runs get it for real.</li>
        <li>
          Once that has shown enough too, it becomes production by itself; where the label needs approvals, it
          waits for them.
        </li>
      </ol>
      <p className="mt-3 font-medium">Its bars do not move while it runs:</p>
      <Bars bars={proposal.bars} className="list-disc pl-5" />
      <p className="mt-3 text-muted">You can take it back at any time. {proposal.undo}</p>
      {start.error ? <Problem error={start.error} /> : null}
      <div className="mt-4 flex gap-2">
        <Button
          look="primary"
          disabled={start.isPending}
          onClick={() => start.mutate(undefined, { onSuccess: onClose })}
        >
          Start
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </Dialog>
  );
}
