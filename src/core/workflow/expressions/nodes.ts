import type { Value } from "./values.ts";

/** What the parser makes and the compiler reads. Offsets point into the source, for messages. */
export type Expression =
  | { readonly type: "constant"; readonly value: Value; readonly offset: number }
  | { readonly type: "name"; readonly name: string; readonly offset: number }
  | { readonly type: "list" | "tuple"; readonly items: readonly Expression[]; readonly offset: number }
  | { readonly type: "dict"; readonly entries: readonly DictEntry[]; readonly offset: number }
  | MemberNode
  | {
      readonly type: "subscript";
      readonly object: Expression;
      readonly key: Expression;
      readonly offset: number;
    }
  | SliceNode
  | CallNode
  | FilterNode
  | TestNode
  | {
      readonly type: "unary";
      readonly operator: "-" | "+" | "not";
      readonly operand: Expression;
      readonly offset: number;
    }
  | BinaryNode
  | { readonly type: "concat"; readonly parts: readonly Expression[]; readonly offset: number }
  | {
      readonly type: "logical";
      readonly operator: "and" | "or";
      readonly parts: readonly Expression[];
      readonly offset: number;
    }
  | CompareNode
  | ConditionalNode;

export type DictEntry = readonly [key: Expression, value: Expression];

/** `object.key` (`dot`) or `object["key"]` with a constant key. */
export interface MemberNode {
  readonly type: "member";
  readonly object: Expression;
  readonly key: string | number;
  readonly dot: boolean;
  readonly offset: number;
}

export interface SliceNode {
  readonly type: "slice";
  readonly object: Expression;
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
  readonly offset: number;
}

export interface CallNode {
  readonly type: "call";
  readonly callee: Expression;
  readonly args: ArgumentNodes;
  readonly offset: number;
}

export interface ArgumentNodes {
  readonly positional: readonly { readonly value: Expression; readonly spread: boolean }[];
  readonly keyword: readonly { readonly name: string; readonly value: Expression }[];
  /** `**mapping`. */
  readonly spreadKeyword: Expression | undefined;
}

/** A filter by name, without what it is applied to. */
export interface FilterUse {
  readonly name: string;
  readonly args: ArgumentNodes;
  readonly offset: number;
}

export interface FilterNode extends FilterUse {
  readonly type: "filter";
  readonly operand: Expression;
}

export interface TestNode {
  readonly type: "test";
  readonly operand: Expression;
  readonly name: string;
  readonly args: ArgumentNodes;
  readonly negated: boolean;
  readonly offset: number;
}

export interface BinaryNode {
  readonly type: "binary";
  readonly operator: "+" | "-" | "*" | "/" | "//" | "%" | "**";
  readonly left: Expression;
  readonly right: Expression;
  readonly offset: number;
}

export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface CompareNode {
  readonly type: "compare";
  readonly first: Expression;
  readonly rest: readonly { readonly operator: CompareOperator; readonly operand: Expression }[];
  readonly offset: number;
}

export interface ConditionalNode {
  readonly type: "conditional";
  readonly test: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression | undefined;
  readonly offset: number;
}

/** What `for` and `set` assign to. */
export type Target =
  | { readonly type: "name"; readonly name: string; readonly offset: number }
  | { readonly type: "tuple"; readonly items: readonly Target[]; readonly offset: number }
  | {
      readonly type: "attribute";
      readonly object: string;
      readonly attribute: string;
      readonly offset: number;
    };

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

export type Body = readonly Statement[];

export type Statement =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "print"; readonly value: Expression; readonly offset: number }
  | IfNode
  | ForNode
  | { readonly type: "set"; readonly target: Target; readonly value: Expression; readonly offset: number }
  | SetBlockNode
  | WithNode
  | MacroNode
  | CallBlockNode
  | {
      readonly type: "filterBlock";
      readonly filters: readonly FilterUse[];
      readonly body: Body;
      readonly offset: number;
    }
  | { readonly type: "do"; readonly value: Expression; readonly offset: number }
  | { readonly type: "break" | "continue"; readonly offset: number };

export interface IfNode {
  readonly type: "if";
  readonly branches: readonly { readonly test: Expression; readonly body: Body }[];
  readonly otherwise: Body;
  readonly offset: number;
}

export interface ForNode {
  readonly type: "for";
  readonly target: Target;
  readonly items: Expression;
  readonly condition: Expression | undefined;
  readonly recursive: boolean;
  readonly body: Body;
  readonly otherwise: Body;
  readonly offset: number;
}

export interface SetBlockNode {
  readonly type: "setBlock";
  readonly target: Target;
  readonly filters: readonly FilterUse[];
  readonly body: Body;
  readonly offset: number;
}

export interface WithNode {
  readonly type: "with";
  readonly assignments: readonly { readonly target: Target; readonly value: Expression }[];
  readonly body: Body;
  readonly offset: number;
}

export interface MacroNode {
  readonly type: "macro";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
  readonly offset: number;
}

export interface CallBlockNode {
  readonly type: "call";
  readonly call: CallNode;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
  readonly offset: number;
}
