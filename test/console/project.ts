// The project that the console's tests serve: files as people write them; models are simulated, all else is real.

/** Runs that ask a person, fail, wait for an event, go several ways, and ask a model. */
export const workflows = {
  letters: `workflow: letters
description: Answers letters, and asks a person about each.
input:
  type: object
  required: [name]
  properties: { name: { type: string } }
steps:
  - { id: greeting, transform: { value: "Dear {{ input.name }}," } }
  - id: approval
    human_review:
      draft: "{{ greeting.value }} thank you for your letter. We open at nine o'clock."
      evidence: [{ title: Opening hours, text: "In winter we open later. We open at nine o'clock. On Sundays we are closed." }]
      assign: post
      within: 4h
  - { id: sent, emit: { event: letter.sent, data: { body: "{{ approval.value }}" } } }
output: "{{ approval.value }}"
`,
  broken: `workflow: broken
input: {}
steps:
  - { id: first, transform: { value: 1 } }
  - { id: divide, transform: { value: "{{ 1 // input.n }}" }, on_failure: fail }
`,
  patient: `workflow: patient
input: {}
steps:
  - { id: gate, wait: { event: go } }
  - { id: after, transform: { value: "{{ gate.value }}" } }
`,
  tickets: `workflow: tickets
description: Answers tickets in as many turns as they take; a person sees each refund.
input:
  type: object
  required: [kind, turns]
  properties: { kind: { type: string }, turns: { type: integer } }
steps:
  - { id: sort, inference: { prompt: classify, route: topics, input: { text: "{{ input.kind }}" } } }
  - id: answer
    branch:
      - when: "{{ input.kind == 'refund' }}"
        steps: [{ id: refund, transform: { value: refund } }]
      - steps: [{ id: usual, transform: { value: usual } }]
  - id: polish
    loop:
      max: 5
      until: "{{ index + 1 >= input.turns }}"
      steps: [{ id: word, transform: { value: 1 } }, { id: tone, transform: { value: 2 } }]
  - id: approval
    human_review: { draft: "{{ answer.value }}", when: "{{ input.kind == 'refund' }}" }
output: "{{ approval.value }}"
`,
  triage: `workflow: triage
description: Says what a message is about.
input: { type: object, required: [text], properties: { text: { type: string } } }
targets: { automated: 70%, time_to_result_p50: 2s, cost_mean: $0.0000001 }
steps:
  - { id: topic, inference: { prompt: classify, route: topics, input: { text: "{{ input.text }}" } } }
  - { id: shout, transform: { value: "{{ topic.value | upper }}" } }
output: "{{ shout.value }}"
`,
};

export const classify = (words: string) => `input: { text: string }
messages:
  - { role: system, content: "${words}" }
  - { role: user, content: "{{ text }}" }
`;

export const files: Readonly<Record<string, string>> = {
  "flyball.yaml": `models:
  small:
    { provider: sim, price: { input: $1/M, output: $4/M }, latency: { p50: 5ms, p95: 9ms }, seed: 1, labels: [billing] }
routes:
  topics: { try: [small] }
budgets:
  - { name: house, limit: $50, period: day }
`,
  "prompts/classify.yaml": classify("Say what the message is about, in one word."),
  ...Object.fromEntries(Object.entries(workflows).map(([name, text]) => [`${name}.yaml`, text])),
};
