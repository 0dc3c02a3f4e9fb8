import { compileExpression } from "./compile-expression.ts";
import type { Evaluate, Frame } from "./frame.ts";
import type { Absence, Names, Resolution } from "./names.ts";
import type { Expression, MemberNode } from "./nodes.ts";
import { undefinedUse } from "./operations.ts";
import type { Run } from "./run.ts";
import { memberOf, Undefined, type Value, whyMissing } from "./values.ts";

type NameNode = Extract<Expression, { type: "name" }>;
type Keys = readonly (string | number)[];

/** `a` and the constant keys behind it, or undefined where an expression is no such path. */
export function staticPath(node: Expression): { root: NameNode; keys: Keys } | undefined {
  const keys: (string | number)[] = [];
  let inner = node;
  for (; inner.type === "member"; inner = inner.object) keys.push(inner.key);
  return inner.type === "name" ? { root: inner, keys: keys.reverse() } : undefined;
}

/** A path as its author may have written it. */
export function pathText(root: string, keys: Keys): string {
  const isName = (key: string | number) =>
    typeof key === "string" && /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(key);
  return root + keys.map((key) => (isName(key) ? `.${key}` : `[${JSON.stringify(key)}]`)).join("");
}

export function compileName(names: Names, node: NameNode, absence: Absence): Evaluate {
  return readName(node, names.resolve(node.name, [], node.offset, absence));
}

function readName(node: NameNode, { slots, inScope }: Resolution): Evaluate {
  const { name, offset } = node;
  const absent = new Undefined(name, offset);
  const [only, ...others] = slots;
  if (!only)
    return (frame) => {
      frame.run.spend(1);
      const value = frame.run.scope.get(name);
      return value === undefined ? absent : value;
    };
  if (others.length === 0 && only.up === 0 && !inScope)
    return (frame) => {
      frame.run.spend(1);
      const value = frame.slots[only.slot];
      return value === undefined ? absent : value;
    };
  return (frame) => {
    frame.run.spend(1);
    for (const { up, slot } of slots) {
      const value = frameAt(frame, up).slots[slot];
      if (value !== undefined) return value;
    }
    const value = inScope ? frame.run.scope.get(name) : undefined;
    return value === undefined ? absent : value;
  };
}

function frameAt(frame: Frame, up: number): Frame {
  let at = frame;
  for (let count = 0; count < up && at.parent; count++) at = at.parent;
  return at;
}

/** A member with a constant key. A whole path from a name is read in one go. */
export function compileMember(names: Names, node: MemberNode, absence: Absence): Evaluate {
  const path = staticPath(node);
  if (!path) {
    const object = compileExpression(names, node.object);
    return (frame) => {
      const holder = object(frame);
      frame.run.spend(1);
      const value = readMember(frame.run, holder, node.key);
      return value === undefined
        ? missingMember(
            holder,
            node.key,
            typeof node.key === "number" ? `item ${node.key}` : `the member ${node.key}`,
            node.offset,
          )
        : value;
    };
  }
  const { root, keys } = path;
  const readRoot = readName(root, names.resolve(root.name, keys, root.offset, absence));
  return (frame) => readKeys(frame, readRoot(frame), root, keys);
}

/** Finding a character means going through the text. */
function readMember(run: Run, holder: Value, key: Value): Value | undefined {
  if (typeof holder === "string") run.spendText(holder.length);
  return memberOf(holder, key);
}

function readKeys(frame: Frame, start: Value, root: NameNode, keys: Keys): Value {
  frame.run.spend(keys.length);
  let value = start;
  for (let index = 0; index < keys.length; index++) {
    // Only the last member of a path may be absent: a member of what is not there is an error.
    if (value instanceof Undefined) throw undefinedUse(frame.run, value);
    const key = keys[index] ?? 0;
    const member = readMember(frame.run, value, key);
    if (member === undefined) {
      const name = pathText(root.name, keys.slice(0, index + 1));
      value = missingMember(value, key, name, root.offset);
    } else value = member;
  }
  return value;
}

function missingMember(holder: Value, key: Value, name: string, offset: number): Undefined {
  return new Undefined(name, offset, () => whyMissing(holder, key));
}

/** A member whose key is computed. */
export function compileSubscript(names: Names, node: Extract<Expression, { type: "subscript" }>): Evaluate {
  const object = compileExpression(names, node.object);
  const key = compileExpression(names, node.key);
  const path = staticPath(node.object);
  const holderName = path ? pathText(path.root.name, path.keys) : "";
  return (frame) => {
    const holder = object(frame);
    const name = key(frame);
    frame.run.spend(1);
    const value = readMember(frame.run, holder, name);
    if (value !== undefined) return value;
    const shown = typeof name === "string" || typeof name === "number" ? JSON.stringify(name) : "…";
    return missingMember(holder, name, path ? `${holderName}[${shown}]` : `item ${shown}`, node.offset);
  };
}
