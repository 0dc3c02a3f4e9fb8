import { useNavigate } from "@tanstack/react-router";
import type { Asset, AssetVersion } from "flyball/client";
import { type FormEvent, useState } from "react";
import { type RolloutRequest, useStartRollout } from "../api/rollouts.ts";
import { shortId } from "../format.ts";
import { Button, Problem } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice, Field } from "./field.tsx";

/** A share of the new runs gets another version; bounds take it back by themselves. */
export function StartRollout({
  asset,
  versions,
  onClose,
}: {
  asset: Asset;
  versions: readonly AssetVersion[];
  onClose: () => void;
}) {
  const others = versions.filter(({ digest }) => digest !== asset.production);
  const start = useStartRollout();
  const navigate = useNavigate();
  const [request, setRequest] = useState({
    to: others[0]?.digest ?? "",
    mode: "canary",
    share: "10%",
    by: "",
    errors: "5%",
    cost: "",
  });
  const change = (changes: Partial<typeof request>) => setRequest((before) => ({ ...before, ...changes }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate(requestOf(asset, request), {
      onSuccess: ({ id }) => navigate({ to: "/rollouts/$id", params: { id } }),
    });
  };
  const field = (name: keyof typeof request) => ({
    value: request[name],
    onChange: ({ target }: { target: { value: string } }) => change({ [name]: target.value }),
  });
  return (
    <Dialog title={`Start a rollout of ${asset.name}`} onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <Choice
          name="New version"
          value={request.to}
          options={others.map(({ digest, message }) => [digest, `${shortId(digest)} ${message ?? ""}`])}
          onChange={(to) => change({ to })}
        />
        <Choice name="How" value={request.mode} options={modes} onChange={(mode) => change({ mode })} />
        <Field title="Share of new runs" required {...field("share")} />
        <Field
          title="The same version for the same … (optional)"
          placeholder="input.customer"
          note="An expression over input and run; without it, each run is drawn for itself."
          {...field("by")}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          <Field title="Roll back above this share of errors" placeholder="5%" {...field("errors")} />
          <Field title="Roll back above this mean cost" placeholder="$0.01" {...field("cost")} />
        </div>
        {start.error ? <Problem error={start.error} /> : null}
        <div className="flex gap-2">
          <Button type="submit" look="primary" disabled={start.isPending}>
            Start
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

const modes = [
  ["canary", "canary: it answers a share of the runs"],
  ["ab", "A/B: both answer, to be compared"],
  ["shadow", "shadow: it runs beside, and changes nothing"],
] as const;

function requestOf(
  { kind, name }: Asset,
  form: { to: string; mode: string; share: string; by: string; errors: string; cost: string },
): RolloutRequest {
  const { to, mode, share, by, errors, cost } = form;
  return {
    asset: `${kind}/${name}`,
    to,
    mode: modes.find(([known]) => known === mode)?.[0] ?? "canary",
    share,
    ...(by ? { by } : {}),
    guards: [
      ...(errors ? [{ metric: "error_rate", max: errors }] : []),
      ...(cost ? [{ metric: "cost_mean", max: cost }] : []),
    ],
  };
}
