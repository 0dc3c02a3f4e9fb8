import { type ReactNode, useEffect, useRef } from "react";

/** A question on top of the page, closed by Escape; mounted while it is open. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-label={title}
      className="m-auto w-[min(34rem,94vw)] rounded-lg border border-line bg-panel p-5 text-ink shadow-xl"
    >
      <h2 className="mb-3 font-semibold text-base">{title}</h2>
      {children}
    </dialog>
  );
}
