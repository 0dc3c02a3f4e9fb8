// The project whose runs fill the store: written as people write one; its models are simulated.

/** Of the survey's run, with five steps in each. */
export const surveyRows = 400;
export const surveySteps = 5 * surveyRows;

const survey = `workflow: survey
description: Reads the answers to a survey, row by row.
input: { type: object, required: [rows], properties: { rows: { type: array, items: { type: string } } } }
steps:
  - id: rows
    map:
      over: "{{ input.rows }}"
      concurrency: 50
      steps:
        - { id: read, transform: { value: "{{ item }}" } }
        - { id: clean, transform: { value: "{{ read.value | trim }}" } }
        - { id: topic, inference: { prompt: classify-intent, route: intent, input: { text: "{{ clean.value }}" } } }
        - { id: mood, transform: { value: "calm" } }
        - { id: line, transform: { value: "{{ topic.value }}: {{ mood.value }}" } }
output: "{{ rows.value }}"
`;

const workflows = {
  "support-triage": `workflow: support-triage
description: Answers routine messages of customers; gives a person the rest.
input: { type: object, required: [message], properties: { message: { type: string }, risky: { type: boolean } } }
targets: { automated: 70%, time_to_result_p50: 2s, cost_mean: $0.01 }
steps:
  - { id: intent, inference: { prompt: classify-intent, route: intent, input: { text: "{{ input.message }}" } } }
  - { id: draft, inference: { prompt: draft-reply, route: drafting, input: { text: "{{ input.message }}" } } }
  - id: approval
    human_review:
      draft: "{{ draft.value }}"
      confidence: "{{ intent.confidence }}"
      below: 0
      when: "{{ input.risky }}"
      assign: support
      within: 72h
  - { id: send, emit: { event: reply.sent, data: { body: "{{ approval.value }}" } } }
output: "{{ approval.value }}"
`,
  invoices: `workflow: invoices
description: Books invoices.
input: { type: object, required: [net, people], properties: { net: { type: number }, people: { type: number } } }
targets: { automated: 95%, accuracy: 98%, cost_mean: $0.02 }
steps:
  - { id: supplier, inference: { prompt: classify-intent, route: drafting, input: { text: "Net {{ input.net }}" } } }
  - { id: share, transform: { value: "{{ input.net // input.people }}" }, on_failure: fail }
  - { id: booked, emit: { event: invoice.booked, data: { share: "{{ share.value }}" } } }
output: "{{ share.value }}"
`,
  imports: `workflow: imports
description: Takes rows over from another system.
input: { type: object, required: [size], properties: { size: { type: number } } }
steps:
  - { id: pages, transform: { value: "{{ 1000 // input.size }}" } }
  - { id: stored, emit: { event: rows.stored, data: { pages: "{{ pages.value }}" } } }
`,
  payments: `workflow: payments
description: Waits for the bank to confirm.
input: {}
steps:
  - { id: confirmation, wait: { event: confirmed } }
  - { id: receipt, inference: { prompt: draft-reply, route: drafting, input: { text: "Confirmed" } } }
output: "{{ receipt.value }}"
`,
  digest: `workflow: digest
description: Says in a line what each article is about.
input: { type: object, required: [articles], properties: { articles: { type: array } } }
targets: { cost_mean: $0.05 }
steps:
  - id: lines
    map:
      over: "{{ input.articles }}"
      concurrency: 3
      steps:
        - { id: line, inference: { prompt: draft-reply, route: drafting, input: { text: "{{ item }}" } } }
output: "{{ lines.value }}"
`,
  survey,
};
export type WorkflowName = keyof typeof workflows;
export const workflowNames = Object.keys(workflows) as readonly WorkflowName[];

const prompt = (words: string) => `input: { text: string }
messages:
  - { role: system, content: "${words}" }
  - { role: user, content: "{{ text }}" }
`;

export const files: Readonly<Record<string, string>> = {
  "flyball.yaml": `models:
  small:
    { provider: sim, price: { input: $1/M, output: $4/M }, latency: { p50: 5ms, p95: 9ms }, seed: 1, labels: [refund, card, other] }
  large: { provider: sim, price: { input: $3/M, output: $15/M }, latency: { p50: 9ms, p95: 20ms }, seed: 2 }
routes:
  intent: { try: [small] }
  drafting: { try: [large, small] }
budgets:
  - { name: house, limit: $500, period: day }
`,
  "prompts/classify-intent.yaml": prompt("Say what the customer wants, in one word."),
  "prompts/draft-reply.yaml": prompt("Write a short and friendly answer. Promise nothing."),
  ...Object.fromEntries(Object.entries(workflows).map(([name, text]) => [`${name}.yaml`, text])),
};
