// Extract
// =======
// Answers and summaries made of the sources' own sentences. With a question, sentences are ranked by BM25
// (Robertson and Zaragoza 2009) over stemmed words, helped by their title, their heading and their place;
// without one, by how much of the sources' common vocabulary they carry. Sentences are picked one at a time,
// each by its worth less its likeness to those picked before (maximal marginal relevance, Carbonell and
// Goldstein 1998), and given in the order of the sources.
import { limits } from "./limits.ts";
import { type Sentence, sentencesOf } from "./sentences.ts";
import { contentWords } from "./words.ts";

export interface ExtractSource {
  readonly id?: string;
  readonly title?: string;
  readonly text: string;
}

export interface ExtractRequest {
  /** Empty or white space asks for a summary. */
  readonly question: string;
  readonly sources: readonly ExtractSource[];
  /** 3 when absent. */
  readonly sentencesMax?: number;
}

export interface Evidence {
  /** The source's id, or its index as a string, counted from 0. */
  readonly source: string;
  readonly title?: string;
  /** Verbatim: `source.text.slice(start, end)`. */
  readonly sentence: string;
  readonly start: number;
  readonly end: number;
}

export interface Extract {
  /** The sentences of `evidence`, in the order of the sources; empty when nothing relates. */
  readonly value: string;
  readonly evidence: readonly Evidence[];
  /** Always null: word overlap says how alike two texts are, not how likely an answer is right. */
  readonly confidence: number | null;
}

interface Candidate extends Sentence {
  readonly source: number;
  /** Place among the sentences of its source, from 0. */
  readonly place: number;
  readonly terms: readonly string[];
  /** Words of the title and of the heading above. */
  readonly context: ReadonlySet<string>;
}

const sentencesDefault = 3;
// BM25's usual constants: how soon repetition stops counting, and how much length does.
const saturation = 1.2;
const lengthShare = 0.5;
/** What a question's word in the title or heading is worth, beside one in the sentence. */
const contextShare = 0.4;
/** A first sentence is worth this much more than one far down. */
const leadBonus = 0.15;
/** Maximal marginal relevance: this part relevance, the rest novelty. */
const relevanceShare = 0.75;
/** Of the best sentence's worth; what is below does not answer. */
const worthMin = 0.4;
/** A sentence must carry this share of the weight of the question's words, title and heading included. */
const coverageMin = 0.2;
/** The same for a sentence without any of them, such as a step below the heading "How to get a refund". */
const coverageByContextMin = 0.6;
/** … but never more than so many of the rarest words. */
const coverageRarest = 1.2;
/** How much a source's own overlap with the question counts for each of its sentences. */
const supportShare = 0.5;
/** Shorter sentences ("Yes.", "See below.") say nothing on their own. */
const termsMin = 2;

export function extract({ question, sources, sentencesMax = sentencesDefault }: ExtractRequest): Extract {
  const candidates = candidatesOf(sources);
  const asked = [...new Set(contentWords(question))];
  const isSummary = question.trim() === "";
  if (candidates.length === 0 || sentencesMax < 1 || (asked.length === 0 && !isSummary)) return nothing;
  const rarity = raritiesOf(candidates);
  const worth = isSummary ? centrality(candidates, rarity) : relevance(candidates, asked, rarity);
  const picked = pick(candidates, worth, rarity, Math.floor(sentencesMax));
  const inOrder = picked.sort((a, b) => a.source - b.source || a.start - b.start);
  return {
    value: inOrder.map(({ sentence }) => sentence).join(" "),
    evidence: inOrder.map((candidate) => evidenceOf(candidate, sources)),
    confidence: null,
  };
}

const nothing: Extract = { value: "", evidence: [], confidence: null };

function evidenceOf(
  { source, sentence, start, end }: Candidate,
  sources: readonly ExtractSource[],
): Evidence {
  const { id, title } = sources[source] ?? {};
  return { source: id ?? String(source), ...(title ? { title } : {}), sentence, start, end };
}

function candidatesOf(sources: readonly ExtractSource[]): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const [source, { text, title }] of sources.entries()) {
    const titleWords = contentWords(title ?? "");
    let context: ReadonlySet<string> = new Set(titleWords);
    let place = 0;
    for (const sentence of sentencesOf(text)) {
      if (candidates.length >= limits.sentencesReadMax) return candidates;
      if (sentence.heading) context = new Set([...titleWords, ...contentWords(sentence.sentence)]);
      else
        candidates.push({
          ...sentence,
          source,
          place: place++,
          terms: contentWords(sentence.sentence),
          context,
        });
    }
  }
  return candidates;
}

/** How rare each term is among the sentences: Robertson's inverse document frequency, never negative. */
function raritiesOf(candidates: readonly Candidate[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { terms, context } of candidates)
    for (const term of new Set([...terms, ...context])) found.set(term, (found.get(term) ?? 0) + 1);
  const rarity = new Map<string, number>();
  for (const [term, count] of found)
    rarity.set(term, Math.log(1 + (candidates.length - count + 0.5) / (count + 0.5)) + 0.2);
  return rarity;
}

interface Asked {
  readonly term: string;
  readonly weight: number;
}

function relevance(
  candidates: readonly Candidate[],
  terms: readonly string[],
  rarity: ReadonlyMap<string, number>,
): readonly number[] {
  // A word that no source has is as rare as can be: a question full of them is not answered here.
  const rarest = Math.log(1 + candidates.length / 0.5) + 0.2;
  const asked = terms.map((term) => ({ term, weight: rarity.get(term) ?? rarest }));
  const whole = asked.reduce((sum, { weight }) => sum + weight, 0);
  const support = supportBySource(candidates, asked);
  const supportBest = Math.max(...support.values());
  const lengthMean =
    candidates.reduce((sum, candidate) => sum + candidate.terms.length, 0) / candidates.length;
  return candidates.map((candidate) => {
    const { worth, own, covered } = overlap(candidate, asked, lengthMean);
    // A message says much beside its question: a few rare words are enough then.
    const needed = Math.min((own > 0 ? coverageMin : coverageByContextMin) * whole, coverageRarest * rarest);
    if (covered === 0 || covered < needed) return 0;
    const supported = 1 - supportShare + (supportShare * (support.get(candidate.source) ?? 0)) / supportBest;
    return worth * supported * (1 + leadBonus / (1 + candidate.place));
  });
}

/** How much of the question each source has anywhere: the sentence sought is most likely in the best one. */
function supportBySource(
  candidates: readonly Candidate[],
  asked: readonly Asked[],
): ReadonlyMap<number, number> {
  const terms = new Map<number, Set<string>>();
  for (const { source, terms: own, context } of candidates) {
    const all = terms.get(source) ?? new Set<string>();
    for (const term of [...own, ...context]) all.add(term);
    terms.set(source, all);
  }
  const supportOf = (all: ReadonlySet<string>) =>
    asked.reduce((sum, { term, weight }) => sum + (all.has(term) ? weight : 0), 0);
  return new Map([...terms].map(([source, all]) => [source, Math.max(supportOf(all), Number.EPSILON)]));
}

function overlap(
  { terms, context }: Candidate,
  asked: readonly Asked[],
  lengthMean: number,
): { worth: number; own: number; covered: number } {
  const stretch = saturation * (1 - lengthShare + (lengthShare * terms.length) / Math.max(1, lengthMean));
  let [own, beside, covered] = [0, 0, 0];
  for (const { term, weight } of asked) {
    const count = terms.filter((other) => other === term).length;
    own += (weight * count * (saturation + 1)) / (count + stretch);
    if (context.has(term)) beside += weight * contextShare;
    if (count > 0 || context.has(term)) covered += weight;
  }
  return { worth: own + beside, own, covered };
}

/** How much of what the sources say together a sentence says: the mean weight of its terms. */
function centrality(
  candidates: readonly Candidate[],
  rarity: ReadonlyMap<string, number>,
): readonly number[] {
  const frequency = new Map<string, number>();
  for (const { terms } of candidates)
    for (const term of new Set(terms))
      frequency.set(term, (frequency.get(term) ?? 0) + (rarity.get(term) ?? 0));
  return candidates.map(({ terms, place }) => {
    const distinct = [...new Set(terms)];
    if (distinct.length < termsMin) return 0;
    const sum = distinct.reduce((total, term) => total + (frequency.get(term) ?? 0), 0);
    // Between the mean and the sum, or the shortest or the longest sentence would always win.
    return (sum / Math.sqrt(distinct.length)) * (1 + (2 * leadBonus) / (1 + place));
  });
}

function pick(
  candidates: readonly Candidate[],
  worth: readonly number[],
  rarity: ReadonlyMap<string, number>,
  count: number,
): Candidate[] {
  const best = worth.reduce((most, value) => Math.max(most, value), 0);
  if (best === 0) return [];
  const open = new Set([...candidates.keys()].filter((index) => (worth[index] ?? 0) >= worthMin * best));
  const picked: Candidate[] = [];
  const likeness = new Map<number, number>();
  while (picked.length < count && open.size > 0) {
    let [choice, choiceGain] = [-1, Number.NEGATIVE_INFINITY];
    for (const index of open) {
      const gain =
        (relevanceShare * (worth[index] ?? 0)) / best - (1 - relevanceShare) * (likeness.get(index) ?? 0);
      if (gain > choiceGain) [choice, choiceGain] = [index, gain];
    }
    open.delete(choice);
    const chosen = candidates[choice];
    if (chosen === undefined) break;
    picked.push(chosen);
    for (const index of open) {
      const same = similarity(chosen.terms, candidates[index]?.terms ?? [], rarity);
      // What was said is not said again.
      if (same > repeatMin) open.delete(index);
      else likeness.set(index, Math.max(same, likeness.get(index) ?? 0));
    }
  }
  return picked;
}

/** Two sentences more alike than this say the same. */
const repeatMin = 0.8;

/** The share of the rarer words that two sentences have in common (weighted Jaccard index). */
function similarity(a: readonly string[], b: readonly string[], rarity: ReadonlyMap<string, number>): number {
  const [first, second] = [new Set(a), new Set(b)];
  const weightOf = (terms: readonly string[]) =>
    terms.reduce((sum, term) => sum + (rarity.get(term) ?? 0), 0);
  const all = weightOf([...new Set([...a, ...b])]);
  return all === 0 ? 0 : weightOf([...first].filter((term) => second.has(term))) / all;
}
