import type { PromptContent, Variant } from "./prompt.ts";

/** The tags of a run that choose a variant. Their order is that of the choice: tenant before channel before language. */
export const variantKeys = ["tenant", "channel", "language"] as const;

export interface ChosenVariant {
  /** Such as `tenant=acme,language=de`; `default` when it is the prompt as it stands. */
  readonly name: string;
  readonly reason: string;
  readonly variant?: Variant;
}

type Tags = Readonly<Record<string, string>>;

/** What a variant is known by: what it names, in the order of the choice. */
export function variantName(variant: Variant): string {
  return variantKeys.flatMap((key) => (variant[key] === undefined ? [] : `${key}=${variant[key]}`)).join(",");
}

/**
 * The most specific of the variants that fit the tags: one that names the tenant goes before one that does
 * not, then one that names the channel, then the one with the longest language (`de-CH`, then `de`).
 */
export function chooseVariant({ variants = [] }: PromptContent, tags: Tags): ChosenVariant {
  const fitting = variants.filter((variant) => fits(variant, tags));
  const [variant] = fitting.toSorted((a, b) => compare(specificity(b), specificity(a)));
  if (!variant) return { name: "default", reason: reasonForNone(variants, tags) };
  const others = fitting.length > 1 ? `; the most specific of ${fitting.length} that fit` : "";
  return { name: variantName(variant), reason: `fits ${saidOf(tags)}${others}`, variant };
}

/** `de_ch` as BCP 47 writes it, `de-CH`; undefined for what is no language tag. */
export function languageTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.replaceAll("_", "-"))[0];
  } catch {
    return undefined;
  }
}

function fits(variant: Variant, tags: Tags): boolean {
  const { tenant, channel, language } = variant;
  if (tenant !== undefined && tenant !== tags.tenant) return false;
  if (channel !== undefined && channel !== tags.channel) return false;
  const asked = languageTag(tags.language ?? "") ?? "";
  return language === undefined || asked === language || asked.startsWith(`${language}-`);
}

/** Of two variants that fit the same tags, these differ, because no two name the same. */
function specificity({ tenant, channel, language = "" }: Variant): readonly number[] {
  return [tenant === undefined ? 0 : 1, channel === undefined ? 0 : 1, language.length];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, place) => number !== b[place]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function reasonForNone(variants: readonly Variant[], tags: Tags): string {
  return variants.length === 0 ? "the prompt has no variants" : `no variant fits ${saidOf(tags)}`;
}

function saidOf(tags: Tags): string {
  const said = variantKeys.flatMap((key) => (tags[key] === undefined ? [] : `${key}=${tags[key]}`));
  return said.length > 0 ? said.join(", ") : "a run without tenant, channel and language";
}
