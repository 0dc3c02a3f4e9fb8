import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { reviewsQuery } from "../api/reviews.ts";
import { Key } from "./basics.tsx";
import { useKeys } from "./keys.ts";
import { Palette } from "./palette.tsx";
import { places } from "./places.ts";
import { useTheme } from "./theme.ts";

/** What every page stands in: where one can go, and the palette that goes anywhere. */
export function Frame() {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const navigate = useNavigate();
  useKeys({
    "/": () => setPaletteOpen(true),
    ...Object.fromEntries(places.map(({ key, to }) => [key, () => navigate({ to })])),
  });
  return (
    <div className="min-h-screen md:grid md:grid-cols-[13rem_1fr]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-panel focus:p-2"
      >
        Skip to the content
      </a>
      <Sidebar onSearch={() => setPaletteOpen(true)} />
      <main id="content" className="min-w-0 px-4 py-5 md:px-8">
        <Outlet />
      </main>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
    </div>
  );
}

function Sidebar({ onSearch }: { onSearch: () => void }) {
  const theme = useTheme();
  const { data: reviews } = useQuery(reviewsQuery("open"));
  const open = reviews?.items.length ?? 0;
  return (
    <header className="border-line border-b bg-panel md:sticky md:top-0 md:flex md:h-screen md:flex-col md:border-r md:border-b-0">
      <div className="flex items-center gap-2 px-4 pt-3 md:py-4">
        <img src="/flyball.svg" alt="" className="size-6" />
        <span className="font-semibold text-base">Flyball</span>
        <button
          type="button"
          onClick={onSearch}
          className="ml-auto rounded-md border border-line px-2 py-0.5 text-muted hover:bg-raised"
          aria-label="Go to … (key /)"
        >
          <Key>/</Key>
        </button>
      </div>
      <nav aria-label="Pages" className="flex gap-1 overflow-x-auto px-2 py-2 md:flex-col">
        {places.map(({ to, name }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ includeSearch: false, exact: to === "/" }}
            className="flex items-center gap-2 whitespace-nowrap rounded-md px-3 py-1.5 hover:bg-raised"
            activeProps={{ className: "bg-raised font-semibold", "aria-current": "page" }}
          >
            {name}
            {to === "/reviews" && open > 0 ? (
              <span className="ml-auto rounded-full bg-accent px-1.5 text-accent-ink text-xs">
                {open >= 200 ? "200+" : open}
              </span>
            ) : null}
          </Link>
        ))}
      </nav>
      <button
        type="button"
        onClick={theme.next}
        className="mt-auto hidden px-5 py-3 text-left text-muted hover:text-ink md:block"
      >
        Theme: {theme.name}
      </button>
    </header>
  );
}
