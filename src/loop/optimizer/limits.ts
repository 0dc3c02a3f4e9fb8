/** The latest runs that a cycle looks at. */
export const runsObservedMax = 1_000;
/** Fewer than these say nothing. */
export const runsObservedMin = 60;
/** Recorded runs that a change of model is tried on before it is proposed. */
export const replayRunsMax = 300;
export const replayRunsMin = 60;
/** How many of them are under way at once. */
export const replaysAtOnce = 25;
/** Cheaper models that are tried for one step in one cycle. */
export const candidatesPerStepMax = 3;

/** The latest answers of a step that a classifier is made of. */
export const answersReadMax = 5_000;
/** Of fewer, the held-out part is too small to show that a confidence means what it says. */
export const answersMin = 600;
/** Where no schema names the labels: so many answers for each, and they are taken to be finitely many. */
export const answersPerLabelMin = 10;
export const labelsMax = 200;
/** The latest of them, which judge what was learned from the others. */
export const heldOutShare = 0.35;
/** How many times an answer counts that somebody vouches for. */
export const trustedWeight = 3;
/** Of the answers to the same text, those that contradict the others: with more, they are no lesson. */
export const contradictingMax = 0.1;
/** What a classifier decides alone is right as often as this, where the workflow names no accuracy. */
export const precisionDefault = 0.95;
/** A classifier whose confidence is further from the truth than this, on average, is not let decide. */
export const calibrationErrorMax = 0.1;

/** Looks at a workflow that are told, the newest first. */
export const cyclesToldMax = 20;

/** What a person spends on one review, where the settings do not say. */
export const reviewMinutesDefault = 2;
/** What the trials of a cycle may cost that nobody has asked for, where the settings do not say. */
export const spendMaxUsdDefault = 1;
/** How often it is looked whether a cycle is due by the clock. */
export const scheduleTickMs = 60_000;

/** The share by which a change must better a figure to be worth a proposal. */
export const gainMin = 0.1;
/** Savings of time below this are noise. */
export const savedMsMin = 20;
/** Of the questions that a step asked, those that had been asked before: fewer are not worth a cache. */
export const repeatedShareMin = 0.1;
export const cacheForMsMin = 3_600_000;

/** How far below the bar a candidate may be before that counts as worse. */
export const accuracyMargin = 0.05;
/** How far below the bar a replay may leave it open that a candidate is: what is worse is not even proposed. */
export const replayMargin = 0.03;
/** The chance of a false promotion, and of a false roll-back, each for a whole experiment. */
export const alpha = 0.05;
/** Two bad answers at the very beginning would be evidence enough; so few are no ground for ending a proof. */
export const judgedMin = 10;
export const canaryShare = 0.1;
export const shadowRunsMin = 30;
/** A shadow that has shown nothing by then is given up. */
export const shadowRunsMax = 600;
export const canaryRunsMin = 30;
export const canaryRunsMax = 600;
/** Runs between two measurements of what a promoted version has come to. */
export const measuredEvery = 100;
