import { FlyballError } from "../../../core/base/index.ts";
import { amountText, type Budget, type Downgrade, downgradeOf } from "./budget.ts";

/** A call does not fit into what a budget has left. Trying again cannot help before the budget begins anew. */
export class BudgetExceeded extends FlyballError {
  readonly code = "BUDGET_EXCEEDED";
  override readonly status = 402;
  override readonly exitCode = 3;
  readonly budget: string;
  readonly key: string;
  /** Who answers instead, where the budget says so. */
  readonly to: Downgrade | undefined;
  constructor(
    budget: Budget,
    use: { readonly key: string; readonly spent: number; readonly reserved: number; readonly asked: number },
    endsAt: number | null,
  ) {
    const { name, by, unit, limit } = budget;
    const whose = by === "all" ? "" : ` for ${by} ${JSON.stringify(use.key)}`;
    const amount = (shown: number) => amountText(unit, shown);
    const anew = endsAt === null ? "" : ` It begins anew at ${new Date(endsAt).toISOString()}.`;
    super(
      `The budget ${name}${whose} has no room for this call: of ${amount(limit)}, ${amount(use.spent)} are spent ` +
        `and ${amount(use.reserved)} reserved, and the call may take ${amount(use.asked)}.${anew}`,
    );
    this.budget = name;
    this.key = use.key;
    this.to = downgradeOf(budget);
  }
}

/** A budget of money applies, and nobody knows what the call may cost. */
export class ModelUnpriced extends FlyballError {
  readonly code = "MODEL_UNPRICED";
  override readonly status = 402;
  override readonly exitCode = 3;
  readonly model: string;
  constructor(model: string, budget: string) {
    super(
      `${model} has no price, and the budget ${budget} limits money: ` +
        "give the model a `price`, or the budget `unpriced: allow`.",
    );
    this.model = model;
  }
}
