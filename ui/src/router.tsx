import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { statuses } from "./api/runs.ts";
import { Empty } from "./components/basics.tsx";
import { Frame } from "./components/frame.tsx";

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <Empty title="There is nothing at this address." />,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs" });
  },
});

/** Filters live in the address, so that a view can be kept and sent. */
export const runsRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: (search: Record<string, unknown>) => {
    const status = statuses.find((known) => known === search.status);
    return {
      ...(typeof search.workflow === "string" ? { workflow: search.workflow } : {}),
      ...(status ? { status } : {}),
      ...(typeof search.cursor === "string" ? { cursor: search.cursor } : {}),
    };
  },
  component: lazyRouteComponent(() => import("./pages/runs.tsx"), "RunsPage"),
});

export const runRoute = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  validateSearch: (search: Record<string, unknown>): { step?: string } =>
    typeof search.step === "string" ? { step: search.step } : {},
  component: lazyRouteComponent(() => import("./pages/run.tsx"), "RunPage"),
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

export const reviewsRoute = createRoute({
  getParentRoute: () => root,
  path: "/reviews",
  validateSearch: (search: Record<string, unknown>): { review?: string } =>
    typeof search.review === "string" ? { review: search.review } : {},
  component: lazyRouteComponent(() => import("./pages/reviews.tsx"), "ReviewsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, runsRoute, runRoute, workflows, workflowRoute, reviewsRoute]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
