import { mistakeTable, right, steps } from "./testing.ts";

// What a user may get wrong in the order of steps, in the names of expressions and in blocks.

mistakeTable("order and names", [
  [
    steps("  - id: a", "    needs: b", "    transform: { value: 1 }"),
    '4:12 `needs`: expected a list, found text "b"',
  ],
  [steps("  - id: a", "    needs: [a]", "    transform: { value: 1 }"), "4:13 a step cannot need itself"],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      "  - id: b",
      "    needs: [drat]",
      "    transform: { value: 1 }",
    ),
    "5:13 there is no step `drat` in this block; did you mean `draft`?",
  ],
  [
    steps(
      "  - id: a",
      "    needs: [b]",
      "    transform: { value: 1 }",
      "  - id: b",
      "    transform: { value: 1 }",
    ),
    "4:5 these steps wait for each other: `a` needs `b` needs `a`",
  ],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      '  - { id: b, transform: { value: "{{ drft.value }}" } }',
    ),
    "4:38 there is no step or name `drft`; did you mean `draft`?",
  ],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      '  - { id: b, transform: { value: "{{ steps.drft.value }}" } }',
    ),
    "4:38 there is no step `drft`; did you mean `draft`?",
  ],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      '  - { id: b, transform: { value: "{{ draft.valu }}" } }',
    ),
    "4:38 `draft` has no field `valu`; did you mean `value`?",
  ],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      '  - { id: b, transform: { value: "{{ draft.documents }}" } }',
    ),
    "4:38 `draft` has no field `documents`; it has value, skipped",
  ],
  [
    steps(
      "  - { id: draft, transform: { value: 1 } }",
      '  - { id: b, transform: { value: "{{ drft.value | default(1) }}" } }',
    ),
    "4:38 there is no step or name `drft`; did you mean `draft`?",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ steps }}" } }'),
    "3:38 `steps` is no value of its own: name one step, as `steps.ID`",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ a.value }}" } }'),
    "3:38 `a` is this step itself, which has no result yet",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ b.value }}" } }', "  - { id: b, transform: { value: 1 } }"),
    "3:38 `b` does not surely come before this step: it stands below",
  ],
  [
    steps(right, '  - { id: b, needs: [], transform: { value: "{{ a.value }}" } }'),
    "4:49 `a` does not surely come before this step; name it in `needs`",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ item }}{{ index }}" } }'),
    "3:38 `item` exists only inside a `map`",
    "3:48 `index` exists only inside a `map` or a `loop`",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ run.workflw }}" } }'),
    "3:38 `run` has no member `workflw`; did you mean `workflow`?",
  ],
  [
    steps('  - { id: a, transform: { value: "{{ secrets }}" } }'),
    "3:38 `secrets` is no value of its own: name one, as `secrets.NAME`",
  ],
  [
    steps('  - { id: a, script: { js: "{{ nonsense }}", input: "{{ nonsense.x }}" } }'),
    "3:57 there is no step or name `nonsense`",
  ],
  [
    steps(
      '  - { id: a, quality_check: { value: "{{ checked }}", rules: [{ name: r, holds: "{{ checked }} {{ chekced }}" }] } }',
    ),
    "3:42 there is no step or name `checked`",
    "3:99 there is no step or name `chekced`; did you mean `checked`?",
  ],
  [
    steps(
      "  - id: a",
      "    transform:",
      "      value: >",
      "        some words",
      "        and {{ nope.value }}",
    ),
    "7:16 there is no step or name `nope`",
  ],
  [
    steps(
      "  - id: a",
      "    transform:",
      "      value: |",
      "        nope is a word",
      "          {{ nope.value }}",
    ),
    "7:14 there is no step or name `nope`",
  ],
  [
    steps("  - id: a", '    transform: { value: "say \\"nope\\": {{ nope }}" }'),
    "4:43 there is no step or name `nope`",
  ],
]);

mistakeTable("conditions", [
  [
    steps("  - id: a", "    if: input.x", "    transform: { value: 1 }"),
    '4:9 expected a condition as one expression: "{{ … }}", found text',
  ],
  [
    steps("  - id: a", '    if: "yes {{ input.x }}"', "    transform: { value: 1 }"),
    '4:9 expected a condition as one expression: "{{ … }}", found text',
  ],
  [
    steps("  - id: a", "    if: [1]", "    transform: { value: 1 }"),
    '4:9 `if`: expected a condition such as "{{ input.amount > 100 }}", found a list',
  ],
]);

mistakeTable("blocks", [
  [
    steps(
      "  - id: p",
      "    parallel:",
      `    ${right}`,
      '      - { id: b, transform: { value: "{{ a.value }}" } }',
    ),
    "6:42 `a` starts together with this step: steps of a `parallel` cannot see each other",
  ],
  [
    steps(
      "  - id: p",
      "    parallel:",
      `    ${right}`,
      "      - { id: b, needs: [a], transform: { value: 1 } }",
    ),
    "6:18 steps of a `parallel` all start at once: `needs` has no place here",
  ],
  [
    steps(
      "  - id: p",
      "    parallel:",
      `    ${right}`,
      '  - { id: b, transform: { value: "{{ a.value }}" } }',
    ),
    "6:38 `a` is inside `p`: outside, only `p.value` can be seen",
  ],
  [
    steps("  - id: p", "    parallel:", '      - { id: a, transform: { value: "{{ p.value }}" } }'),
    "5:42 `p` is the block around this step, which has no result yet",
  ],
  [steps("  - id: p", "    parallel: {}"), "4:15 `parallel`: expected a list of steps, found a mapping"],
  [steps("  - id: p", "    parallel: []"), "4:15 `parallel`: expected a list of steps, found an empty list"],
  [
    steps("  - id: p", "    retry: { attempts: 2 }", "    timeout: 1s", "    parallel:", `    ${right}`),
    "4:5 `retry` belongs to a step that does work; give it to the steps inside `parallel`",
    "5:5 `timeout` belongs to a step that does work; give it to the steps inside `parallel`",
  ],
  [
    steps("  - id: p", "    parallel:", "      - { id: p, transform: { value: 1 } }"),
    "5:15 a step around this block is already called `p`",
  ],
  [
    steps(
      "  - id: p",
      "    parallel:",
      `    ${right}`,
      right.replace("id: a", "id: q"),
      right.replace("a,", "p,"),
    ),
    "7:11 two steps of this block are called `p`",
  ],
  [
    steps("  - id: m", "    map: { steps: [{ id: a, transform: { value: 1 } }] }"),
    "4:5 `over`: missing; expected a list or an expression",
  ],
  [
    steps("  - id: m", "    map: { over: input.items, steps: [{ id: a, transform: { value: 1 } }] }"),
    '4:18 `over`: expected a list or an expression, found text "input.items"',
  ],
  [
    steps(
      "  - id: m",
      '    map: { over: "all {{ input.items }}", steps: [{ id: a, transform: { value: 1 } }] }',
    ),
    '4:18 expected a list as one expression: "{{ … }}", found text',
  ],
  [
    steps("  - id: m", '    map: { over: "{{ item }}", steps: [{ id: a, transform: { value: 1 } }] }'),
    "4:22 `item` exists only inside a `map`",
  ],
  [
    steps(
      "  - id: m",
      "    map:",
      '      over: "{{ input.x }}"',
      "      concurrency: 0",
      "      on_item_error: skip",
      "      steps: [{ id: a, transform: { value: 1 } }]",
    ),
    "6:20 `concurrency`: expected at least 1, found 0",
    '7:22 `on_item_error`: expected `fail` or `keep`, found text "skip"',
  ],
  [
    steps("  - id: m", "    map: { over: [1], steps: [] }"),
    "4:30 `steps`: expected at least 1 item, found an empty list",
  ],
  [
    steps("  - id: m", "    map: { over: [1], step: [{ id: a, transform: { value: 1 } }] }"),
    "4:23 `step`: unknown field; did you mean `steps`?",
  ],
  [steps("  - id: m", "    map: all"), '4:10 `map`: expected a mapping, found text "all"'],
  [
    steps("  - id: l", "    loop: { steps: [{ id: a, transform: { value: 1 } }] }"),
    "4:5 `max`: missing; expected a whole number",
  ],
  [
    steps("  - id: l", "    loop: { max: 5000, steps: [{ id: a, transform: { value: 1 } }] }"),
    "4:18 `max`: expected at most 1000, found 5000",
  ],
  [
    steps(
      "  - id: l",
      "    loop:",
      "      max: 5",
      '      until: "{{ b.value }}"',
      '      steps: [{ id: a, transform: { value: "{{ item }}" } }]',
    ),
    "6:18 there is no step or name `b`",
    "7:48 `item` exists only inside a `map`",
  ],
  [
    steps(
      "  - id: b",
      "    branch:",
      "      - steps: [{ id: x, transform: { value: 1 } }]",
      '      - when: "{{ input.y }}"',
      '        steps: [{ id: z, transform: { value: "{{ x.value }}" } }]',
    ),
    "5:9 an arm without `when` is always taken, so the arms after it never are; it must be the last",
    "7:50 `x` does not surely come before this step",
  ],
  [
    steps("  - id: b", "    branch: { when: true }"),
    "4:13 `branch`: expected a list of arms, found a mapping",
  ],
  [
    steps("  - id: b", "    branch: [x]"),
    '4:14 expected an arm: a mapping with `when` and `steps`, found text "x"',
  ],
]);
