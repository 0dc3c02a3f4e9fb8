import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { workflowsQuery } from "../api/workflows.ts";
import { places } from "./places.ts";

interface Target {
  readonly name: string;
  readonly what: string;
  go(): void;
}

/** The command palette: a few letters lead to a page, a workflow, or a run by its id. */
export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-label="Go to"
      className="m-auto mt-[12vh] w-[min(36rem,92vw)] rounded-lg border border-line bg-panel p-0 text-ink shadow-xl"
    >
      {isOpen ? <Search onDone={onClose} /> : null}
    </dialog>
  );
}

function Search({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = useTargets(text);
  const current = Math.min(chosen, Math.max(0, found.length - 1));
  const go = (target: Target | undefined) => {
    if (!target) return;
    target.go();
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setChosen((current + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") go(found[current]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type here
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        placeholder="A page, a workflow, or the id of a run"
        role="combobox"
        aria-expanded
        aria-controls="palette-found"
        aria-activedescendant={found.length > 0 ? `palette-${current}` : undefined}
        aria-label="Go to"
        className="w-full border-line border-b bg-transparent px-4 py-3 text-base"
      />
      <div id="palette-found" role="listbox" aria-label="Found" className="max-h-80 overflow-auto p-1">
        {found.map((target, index) => (
          <button
            type="button"
            key={`${target.what} ${target.name}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === current}
            tabIndex={-1}
            onClick={() => go(target)}
            className={`flex w-full justify-between rounded px-3 py-2 text-left ${index === current ? "bg-raised" : ""}`}
          >
            <span>{target.name}</span>
            <span className="text-muted">{target.what}</span>
          </button>
        ))}
      </div>
    </>
  );
}

function useTargets(text: string): readonly Target[] {
  const navigate = useNavigate();
  const { data } = useQuery(workflowsQuery);
  const targets: Target[] = [
    ...places.map(({ name, to }) => ({ name, what: "page", go: () => void navigate({ to }) })),
    ...(data?.items ?? []).map(({ name }) => ({
      name,
      what: "workflow",
      go: () => void navigate({ to: "/workflows/$name", params: { name } }),
    })),
  ];
  const wanted = text.trim().toLowerCase();
  const found = targets.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (!/^[0-9a-f-]{8,}$/.test(wanted)) return found;
  return [
    ...found,
    { name: wanted, what: "run", go: () => void navigate({ to: "/runs/$id", params: { id: wanted } }) },
  ];
}
