import type { Asset } from "../workflow/index.ts";
import { appendOf, type Current } from "./current.ts";
import { ApprovalsMissing, LabelForbidden, ReleaseUnfit } from "./errors.ts";
import type { LineEvent, VersionSource } from "./events.ts";
import { checkProduction } from "./labels.ts";
import { checkMove, productionLabel } from "./rules.ts";
import { lineId } from "./state.ts";

/** An asset as it is offered, with the text that it was made from. */
export interface Offer {
  readonly asset: Asset;
  readonly text?: string | undefined;
  /** The file that it stands in, from the project's folder. */
  readonly file?: string | undefined;
}

export interface OfferOptions {
  readonly source: VersionSource;
  readonly by: string;
  readonly message?: string | undefined;
  /** Moves no label, although the files are new. */
  readonly isDraft?: boolean | undefined;
  /** Throws when it is not to be done any more; asked when its turn has come. */
  readonly precondition?: (() => void) | undefined;
}

/** What became of offers: which versions are new, which labels moved, and which did not although they should. */
export interface Taken {
  readonly added: readonly string[];
  readonly moved: readonly string[];
  readonly kept: readonly { readonly line: string; readonly digest: string; readonly why: string }[];
}

/**
 * Adds what is new to the lines. An asset that has no production version gets this one. Of files that are
 * served, a version that the files did not have before becomes production, unless a rollout decides about
 * the asset, or the label asks for approvals: so what was promoted by hand outlives a restart.
 */
export function takeOffers(
  current: Current,
  offers: readonly Offer[],
  options: OfferOptions,
): Promise<Taken> {
  return current.inTurn(async () => {
    options.precondition?.();
    const taking = new Taking(current, options);
    // Several workflows may name one asset.
    const lines = new Map(offers.map((offer) => [lineId(offer.asset.kind, offer.asset.name), offer]));
    for (const [line, offer] of lines) await taking.take(line, offer);
    return taking.commit();
  });
}

class Taking {
  readonly #current: Current;
  readonly #options: OfferOptions;
  readonly #events = new Map<string, LineEvent[]>();
  /** Labels that would move, with the events that move them. */
  readonly #moves = new Map<string, { digest: string; isFirst: boolean; event: LineEvent }>();
  readonly #added: string[] = [];
  readonly #kept: { line: string; digest: string; why: string }[] = [];

  constructor(current: Current, options: OfferOptions) {
    this.#current = current;
    this.#options = options;
  }

  async take(line: string, { asset, text, file }: Offer): Promise<void> {
    const { store } = this.#current;
    const { source, by, message } = this.#options;
    const { digest } = asset;
    const isSynced = source !== "files" || store.line(line)?.filesDigest === digest;
    if (!store.version(line, digest)) {
      await this.#current.options.releases.publishAsset(asset);
      const optional = {
        ...(message === undefined ? {} : { message }),
        ...(text === undefined ? {} : { text }),
        ...(file === undefined ? {} : { file }),
      };
      this.#events.set(line, [{ type: "version.added", data: { digest, source, by, ...optional } }]);
      this.#added.push(line);
    } else if (!isSynced) this.#events.set(line, [{ type: "version.synced", data: { digest, by } }]);
    await this.#label(line, digest, isSynced || this.#options.isDraft === true);
  }

  async #label(line: string, digest: string, isSynced: boolean): Promise<void> {
    const from = this.#current.labelled(line, productionLabel) ?? null;
    if (from === digest || (from !== null && isSynced)) return;
    const { by } = this.#options;
    const approvals = this.#current.approvers(line, productionLabel, digest);
    const why = from === null ? undefined : await this.#objection(line, digest, approvals);
    if (why !== undefined) return void this.#kept.push({ line, digest, why });
    const reason = from === null ? "its first version" : "its files have changed";
    const data = { label: productionLabel, to: digest, from, by, reason, approvals };
    this.#moves.set(line, { digest, isFirst: from === null, event: { type: "label.moved", data } });
  }

  async #objection(line: string, digest: string, approvers: readonly string[]): Promise<string | undefined> {
    const { snapshot } = this.#current;
    const rollout = snapshot.rollouts.get(line);
    if (rollout) return `rollout ${rollout.id} is running`;
    try {
      const move = { line, label: productionLabel, digest, actor: this.#options.by, approvers };
      checkMove(await this.#current.rules(), move);
      return undefined;
    } catch (error) {
      if (error instanceof ApprovalsMissing || error instanceof LabelForbidden) return error.message;
      throw error;
    }
  }

  /** All that fits, in one commit. */
  async commit(): Promise<Taken> {
    await this.#keepWhatDoesNotFit();
    for (const [line, { event }] of this.#moves)
      this.#events.set(line, [...(this.#events.get(line) ?? []), event]);
    const appends = [...this.#events].map(([line, events]) =>
      appendOf({ stream: `line/${line}`, events }, this.#options.by),
    );
    if (appends.length > 0) await this.#current.append(appends);
    return { added: this.#added, moved: [...this.#moves.keys()], kept: this.#kept };
  }

  /** Files were checked when they were loaded, and their first versions can break nothing that runs. */
  async #keepWhatDoesNotFit(): Promise<void> {
    const moves = new Map([...this.#moves].map(([line, { digest }]) => [line, digest]));
    const isAsked = this.#options.source === "api";
    if (!isAsked && [...this.#moves.values()].every(({ isFirst }) => isFirst)) return;
    try {
      await checkProduction(this.#current, moves);
    } catch (error) {
      if (isAsked || !(error instanceof ReleaseUnfit)) throw error;
      for (const [line, { digest, isFirst }] of this.#moves)
        if (!isFirst && this.#moves.delete(line)) this.#kept.push({ line, digest, why: error.message });
    }
  }
}
