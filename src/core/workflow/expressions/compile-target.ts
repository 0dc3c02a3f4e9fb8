import { compileName } from "./compile-path.ts";
import type { Frame } from "./frame.ts";
import { assignMember } from "./globals.ts";
import type { Names } from "./names.ts";
import type { Target } from "./nodes.ts";
import { iterate } from "./operations.ts";
import type { Value } from "./values.ts";

export type Assign = (frame: Frame, value: Value) => void;

/** Assigns to a name, unpacks into several, or sets a member of a namespace. */
export function compileAssign(names: Names, target: Target): Assign {
  if (target.type === "name") {
    const slot = names.bind(target.name);
    return (frame, value) => {
      frame.slots[slot] = value;
    };
  }
  if (target.type === "tuple") return compileUnpack(names, target.items, target.offset);
  const read = compileName(names, { type: "name", name: target.object, offset: target.offset }, "strict");
  return (frame, value) => {
    const object = read(frame);
    frame.run.offset = target.offset;
    assignMember(frame.run, object, { name: target.attribute, of: target.object }, value);
  };
}

function compileUnpack(names: Names, targets: readonly Target[], offset: number): Assign {
  const assigns = targets.map((target) => compileAssign(names, target));
  return (frame, value) => {
    const { run } = frame;
    run.offset = offset;
    const items = iterate(run, value);
    if (items.length !== assigns.length)
      throw run.failure(`${items.length} values cannot be unpacked into ${assigns.length} names`);
    run.spend(items.length);
    assigns.forEach((assign, index) => {
      assign(frame, items[index] ?? null);
    });
  };
}
