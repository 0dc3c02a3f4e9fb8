/** The pages, the single keys that lead to them, and the words that find them. */
export const places = [
  { to: "/", name: "Overview", key: "h" },
  { to: "/runs", name: "Runs", key: "u" },
  { to: "/reviews", name: "Reviews", key: "v" },
  { to: "/workflows", name: "Workflows", key: "w" },
  { to: "/map", name: "Process map", key: "p" },
  { to: "/assets", name: "Registry", key: "g" },
  { to: "/rollouts", name: "Rollouts", key: "o" },
  { to: "/governor", name: "Governor", key: "i" },
  { to: "/models", name: "Models", key: "m" },
  { to: "/costs", name: "Costs", key: "$" },
] as const;
