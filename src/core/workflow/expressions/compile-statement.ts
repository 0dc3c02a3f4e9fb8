import { assert } from "../../base/index.ts";
import { compileExpression } from "./compile-expression.ts";
import { compileFilterUse } from "./compile-filter.ts";
import { compileFor } from "./compile-for.ts";
import { compileAssign } from "./compile-target.ts";
import { display } from "./display.ts";
import { capture, type Execute } from "./frame.ts";
import { Macro, type MacroDefinition } from "./macro.ts";
import { type Names, namesOf, namesSetIn } from "./names.ts";
import type {
  Body,
  CallBlockNode,
  FilterUse,
  IfNode,
  MacroNode,
  Parameter,
  SetBlockNode,
  Statement,
  WithNode,
} from "./nodes.ts";
import { truthy } from "./operations.ts";
import type { Value } from "./values.ts";

/** Turns statements into one function that writes what they print. */
export function compileBody(names: Names, body: Body): Execute {
  const statements = body.map((statement) => compileStatement(names, statement));
  const [only] = statements;
  if (only && statements.length === 1) return only;
  return (frame, out) => {
    for (const execute of statements) {
      const signal = execute(frame, out);
      if (signal !== "next") return signal;
    }
    return "next";
  };
}

function compileStatement(names: Names, node: Statement): Execute {
  switch (node.type) {
    case "text":
      return compileText(node.text);
    case "print":
      return compilePrint(names, node);
    case "if":
      return compileIf(names, node);
    case "for":
      return compileFor(names, node);
    case "set":
      return compileSet(names, node);
    case "setBlock":
      return compileSetBlock(names, node);
    case "with":
      return compileWith(names, node);
    case "macro":
      return compileMacro(names, node);
    case "call":
      return compileCallBlock(names, node);
    case "filterBlock":
      return compileFilterBlock(names, node);
    case "do": {
      const evaluate = compileExpression(names, node.value);
      return (frame) => {
        evaluate(frame);
        return "next";
      };
    }
    case "break":
    case "continue": {
      const { type } = node;
      return () => type;
    }
  }
}

function compileText(text: string): Execute {
  return (frame, out) => {
    frame.run.spendText(text.length);
    out.add(text);
    return "next";
  };
}

function compilePrint(names: Names, node: Extract<Statement, { type: "print" }>): Execute {
  const evaluate = compileExpression(names, node.value);
  return (frame, out) => {
    frame.run.offset = node.offset;
    const value = evaluate(frame);
    const text = display(frame.run, value);
    frame.run.spendText(text.length);
    out.add(text);
    return "next";
  };
}

function compileIf(names: Names, node: IfNode): Execute {
  const branches: { test: (frame: Parameters<Execute>[0]) => Value; body: Execute }[] = [];
  let otherwise: Execute = () => "next";
  const ways = node.branches.map((branch) => () => {
    branches.push({ test: compileExpression(names, branch.test), body: compileBody(names, branch.body) });
  });
  names.alternatives([
    ...ways,
    () => {
      otherwise = compileBody(names, node.otherwise);
    },
  ]);
  return (frame, out) => {
    for (const { test, body } of branches) {
      frame.run.spend(1);
      if (truthy(frame.run, test(frame))) return body(frame, out);
    }
    return otherwise(frame, out);
  };
}

function compileSet(names: Names, node: Extract<Statement, { type: "set" }>): Execute {
  // What is undefined may be set; using it later is the error.
  const evaluate = compileExpression(names, node.value, "passed");
  const assign = compileAssign(names, node.target);
  return (frame) => {
    frame.run.spend(1);
    assign(frame, evaluate(frame));
    return "next";
  };
}

function compileSetBlock(names: Names, node: SetBlockNode): Execute {
  const inner = compileInner(names, node.body);
  const filter = compileFilters(names, node.filters);
  const assign = compileAssign(names, node.target);
  return (frame) => {
    assign(frame, filter(frame, capture(frame, inner)));
    return "next";
  };
}

/** A body with names of its own. */
export function compileInner(names: Names, body: Body): Execute {
  const { result: execute, slots } = names.inBlock(namesSetIn(body), () => compileBody(names, body));
  if (slots.length === 0) return execute;
  return (frame, out) => {
    for (const slot of slots) frame.slots[slot] = undefined;
    return execute(frame, out);
  };
}

function compileFilters(
  names: Names,
  filters: readonly FilterUse[],
): (frame: Parameters<Execute>[0], value: Value) => Value {
  const applied = filters.map((use) => compileFilterUse(names, use));
  return (frame, value) => applied.reduce((result, apply) => apply(frame, result), value);
}

function compileFilterBlock(names: Names, node: Extract<Statement, { type: "filterBlock" }>): Execute {
  const inner = compileInner(names, node.body);
  const filter = compileFilters(names, node.filters);
  return (frame, out) => {
    out.add(display(frame.run, filter(frame, capture(frame, inner))));
    return "next";
  };
}

function compileWith(names: Names, node: WithNode): Execute {
  // The values are evaluated outside: `with a = a` sees the outer one.
  const values = node.assignments.map((assignment) => compileExpression(names, assignment.value, "passed"));
  const bound = node.assignments.flatMap((assignment) => namesOf(assignment.target));
  const { result, slots } = names.inBlock([...bound, ...namesSetIn(node.body)], () => {
    const assigns = node.assignments.map((assignment) => compileAssign(names, assignment.target));
    return { assigns, body: compileBody(names, node.body) };
  });
  return (frame, out) => {
    frame.run.spend(1);
    const evaluated = values.map((evaluate) => evaluate(frame));
    for (const slot of slots) frame.slots[slot] = undefined;
    result.assigns.forEach((assign, index) => {
      assign(frame, evaluated[index] ?? null);
    });
    return result.body(frame, out);
  };
}

const specialNames = ["varargs", "kwargs", "caller"] as const;

/** @param own the names beside its parameters that a body has: a call block leaves its macro's to it */
function compileDefinition(
  names: Names,
  node: { name: string; offset: number; parameters: readonly Parameter[]; body: Body },
  own: readonly (typeof specialNames)[number][],
): MacroDefinition {
  const parameterNames = node.parameters.map((parameter) => parameter.name);
  const special = own.filter((name) => !parameterNames.includes(name));
  const { result, slotCount } = names.inActivation(
    [...parameterNames, ...special, ...namesSetIn(node.body)],
    () => {
      const specialSlots = new Map(special.map((name) => [name, names.bind(name)]));
      const parameters = node.parameters.map(({ name, fallback }) => {
        const evaluate = fallback && compileExpression(names, fallback, "passed");
        return { name, slot: names.bind(name), fallback: evaluate };
      });
      const body = compileBody(names, node.body);
      const slotOf = (name: (typeof specialNames)[number]) =>
        names.isRead(name) ? specialSlots.get(name) : undefined;
      return {
        parameters,
        body,
        varargs: slotOf("varargs"),
        kwargs: slotOf("kwargs"),
        caller: slotOf("caller"),
      };
    },
  );
  return { name: node.name, offset: node.offset, slotCount, ...result };
}

function compileMacro(names: Names, node: MacroNode): Execute {
  const slot = names.bind(node.name);
  const definition = compileDefinition(names, node, specialNames);
  return (frame) => {
    frame.slots[slot] = new Macro(definition, frame);
    return "next";
  };
}

/** Calls a macro with the block as its `caller`. */
function compileCallBlock(names: Names, node: CallBlockNode): Execute {
  const { parameters, body, offset } = node;
  const definition = compileDefinition(names, { name: "caller", parameters, body, offset }, []);
  const place = { type: "name", name: "caller", offset } as const;
  const { result, slots } = names.inBlock(["caller"], () => {
    names.bind("caller");
    const args = {
      ...node.call.args,
      keyword: [...node.call.args.keyword, { name: "caller", value: place }],
    };
    return compileExpression(names, { ...node.call, args });
  });
  const [slot] = slots;
  assert(slot !== undefined, "the block of a call has one slot, for its caller");
  return (frame, out) => {
    frame.slots[slot] = new Macro(definition, frame);
    out.add(display(frame.run, result(frame)));
    return "next";
  };
}
