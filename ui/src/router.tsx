import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { queryClient } from "./api/client.ts";
import type { MiningQuery } from "./api/mining.ts";
import { type CostQuery, costDimensions } from "./api/money.ts";
import { runEventsQuery, runPagesQuery, runQuery } from "./api/runs.ts";
import { Empty } from "./components/basics.tsx";
import { Frame } from "./components/frame.tsx";
import { runFilterOf } from "./run-filter.ts";

/** Of an address's search, the texts by these names. */
function texts<Name extends string>(...names: readonly Name[]) {
  return (search: Record<string, unknown>): { [N in Name]?: string } => {
    const found: { [N in Name]?: string } = {};
    for (const name of names) {
      const text = search[name];
      if (typeof text === "string") found[name] = text;
    }
    return found;
  };
}

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <Empty title="There is nothing at this address." />,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/overview.tsx"), "OverviewPage"),
});

/** Filters live in the address, so that a view can be kept and sent. */
export const runsRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: runFilterOf,
  loaderDeps: ({ search }) => runFilterOf(search),
  // Not waited for: what a page shows is on its way while the page's own code is.
  loader: ({ deps }) => void queryClient.prefetchInfiniteQuery(runPagesQuery(deps)),
  component: lazyRouteComponent(() => import("./pages/runs.tsx"), "RunsPage"),
});

export const runRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  validateSearch: texts("step"),
  loader: ({ params: { id } }) => {
    void queryClient.prefetchQuery(runQuery(id));
    void queryClient.prefetchQuery(runEventsQuery(id));
  },
  component: lazyRouteComponent(() => import("./pages/run.tsx"), "RunPage"),
});

export const compareRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs/$a/compare/$b",
  validateSearch: texts("step"),
  component: lazyRouteComponent(() => import("./pages/compare.tsx"), "ComparePage"),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  component: lazyRouteComponent(() => import("./pages/workflows.tsx"), "WorkflowsPage"),
});

export const workflowRoute = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$name",
  component: lazyRouteComponent(() => import("./pages/workflow.tsx"), "WorkflowPage"),
});

export const mapRoute = createRoute({
  getParentRoute: () => root,
  path: "/map",
  validateSearch: (search: Record<string, unknown>): MiningQuery => ({
    ...texts("workflow")(search),
    ...(search.activity === "kind" ? { activity: "kind" } : {}),
    ...days(search),
  }),
  component: lazyRouteComponent(() => import("./pages/map.tsx"), "MapPage"),
});

export const reviewsRoute = createRoute({
  getParentRoute: () => root,
  path: "/reviews",
  validateSearch: texts("review"),
  component: lazyRouteComponent(() => import("./pages/reviews.tsx"), "ReviewsPage"),
});

export const assetsRoute = createRoute({
  getParentRoute: () => root,
  path: "/assets",
  validateSearch: texts("kind"),
  component: lazyRouteComponent(() => import("./pages/assets.tsx"), "AssetsPage"),
});

/** Which two versions are compared stands in the address. */
export const assetRoute = createRoute({
  getParentRoute: () => root,
  path: "/assets/$kind/$name",
  validateSearch: texts("from", "to"),
  component: lazyRouteComponent(() => import("./pages/asset.tsx"), "AssetPage"),
});

export const editRoute = createRoute({
  getParentRoute: () => root,
  path: "/assets/$kind/$name/edit",
  component: lazyRouteComponent(() => import("./pages/edit.tsx"), "EditPage"),
});

const rollouts = createRoute({
  getParentRoute: () => root,
  path: "/rollouts",
  component: lazyRouteComponent(() => import("./pages/rollouts.tsx"), "RolloutsPage"),
});

export const rolloutRoute = createRoute({
  getParentRoute: () => root,
  path: "/rollouts/$id",
  component: lazyRouteComponent(() => import("./pages/rollout.tsx"), "RolloutPage"),
});

export const governorRoute = createRoute({
  getParentRoute: () => root,
  path: "/governor",
  validateSearch: texts("workflow"),
  component: lazyRouteComponent(() => import("./pages/governor.tsx"), "GovernorPage"),
});

export const proposalRoute = createRoute({
  getParentRoute: () => root,
  path: "/governor/$proposal",
  component: lazyRouteComponent(() => import("./pages/proposal.tsx"), "ProposalPage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  component: lazyRouteComponent(() => import("./pages/models.tsx"), "ModelsPage"),
});

export const costsRoute = createRoute({
  getParentRoute: () => root,
  path: "/costs",
  validateSearch: (search: Record<string, unknown>): Partial<CostQuery> => {
    const by = costDimensions.find((known) => known === search.by);
    return { ...(by ? { by } : {}), ...days(search) };
  },
  component: lazyRouteComponent(() => import("./pages/costs.tsx"), "CostsPage"),
});

function days({ from, to }: Record<string, unknown>): { from?: string; to?: string } {
  const isDay = (value: unknown): value is string =>
    typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  return { ...(isDay(from) ? { from } : {}), ...(isDay(to) ? { to } : {}) };
}

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    runsRoute,
    runRoute,
    compareRoute,
    workflows,
    workflowRoute,
    mapRoute,
    reviewsRoute,
    assetsRoute,
    assetRoute,
    editRoute,
    rollouts,
    rolloutRoute,
    governorRoute,
    proposalRoute,
    models,
    costsRoute,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
