import type { Asset, AssetVersion } from "flyball/client";
import { type FormEvent, useState } from "react";
import { useMoveLabel } from "../api/assets.ts";
import { shortId } from "../format.ts";
import { Button, Problem } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Field, ReasonField } from "./field.tsx";

/** Puts a label onto a version, with the reason that the history will have. */
export function MoveLabel({
  asset,
  versions,
  to,
  onClose,
}: {
  asset: Asset;
  versions: readonly AssetVersion[];
  to: string;
  onClose: () => void;
}) {
  const [label, setLabel] = useState("production");
  const [reason, setReason] = useState("");
  const move = useMoveLabel(asset);
  const version = versions.find(({ digest }) => digest === to);
  const isBack = label === "production" && isBefore(versions, to, asset.production);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    move.mutate({ label, to, ...(reason ? { reason } : {}) }, { onSuccess: onClose });
  };
  return (
    <Dialog title={isBack ? `Roll ${asset.name} back` : `Move a label of ${asset.name}`} onClose={onClose}>
      <form onSubmit={submit} className="space-y-3">
        <p>
          To version <span className="font-mono">{shortId(to)}</span>
          {version?.message ? ` (${version.message})` : ""}.{" "}
          {label === "production"
            ? "New runs get it from now on; runs under way keep what they have."
            : "New runs are not changed by this label."}
        </p>
        <Field
          title="Label"
          value={label}
          onChange={({ target }) => setLabel(target.value)}
          required
          pattern="[a-z][a-z0-9_\-]*"
        />
        <ReasonField value={reason} onChange={setReason} />
        {move.error ? <Problem error={move.error} /> : null}
        <div className="flex gap-2">
          <Button type="submit" look="primary" disabled={move.isPending}>
            {isBack ? "Roll back" : `Move ${label}`}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Versions come with the newest first. */
function isBefore(versions: readonly AssetVersion[], digest: string, production: string | null): boolean {
  const at = (wanted: string | null) => versions.findIndex((version) => version.digest === wanted);
  return production !== null && at(digest) > at(production);
}
