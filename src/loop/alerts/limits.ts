/** How often what holds is held against what was told. */
export const lookEveryMs = 15_000;
/** How often messages that are due are sent. */
export const deliverEveryMs = 1_000;
/** A cause must be gone for so long before its alert is cleared … */
export const holdMs = 120_000;
/** … and twice as long for each time that it was raised lately, up to this: what flaps is told a few times an hour. */
export const holdMsMax = 3_600_000;
export const latelyMs = 3_600_000;
/** Alerts that are open at once; of more, nobody reads any. */
export const openAlertsMax = 200;
/** Messages that are under way at once. */
export const deliveriesAtOnceMax = 10;
export const deliveryTimeoutMs = 10_000;
/** Attempts of one message; the last is some five hours after the first. */
export const attemptsMax = 10;
export const retryMsFirst = 5_000;
export const retryMsMax = 3_600_000;
export const retryFactor = 4;
/** Shares of a budget at which somebody is told. */
export const budgetLevels = [0.8, 1] as const;
/** Keys of a budget that are looked at, such as tenants. */
export const budgetKeysMax = 1_000;
/** Runs that a target is held against: the figures of fewer say little. */
export const targetRunsMin = 20;
/** Days (UTC) of whose runs that is, today among them. */
export const targetDays = 2;
/** How long a rollout that its guard has taken back is told of, unless another one begins. */
export const rolledBackForMs = 86_400_000;
export const receiversMax = 20;
