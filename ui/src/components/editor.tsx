import { autocompletion, type CompletionContext, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml, yamlLanguage } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import type { TextProblem } from "../api/drafts.ts";
import { fieldsAt } from "../schema-completion.ts";
import { wayTo } from "../yaml-way.ts";

/**
 * A text with line numbers, completion by a JSON Schema, and what the server says against it at its lines.
 * It stands in a shadow root: there CodeMirror's styles are sheets of the document, which the pages' policy
 * allows, and not style tags, which it does not.
 */
export default function Editor({
  label,
  initial,
  schema,
  check,
  onChange,
  onSave,
}: {
  label: string;
  initial: string;
  schema: Readonly<Record<string, unknown>> | undefined;
  check: (text: string) => Promise<readonly TextProblem[]>;
  onChange: (text: string) => void;
  onSave: () => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const change = useEffectEvent(onChange);
  const save = useEffectEvent(onSave);
  const problems = useEffectEvent(check);
  const completions = useEffectEvent((context: CompletionContext) => completed(context, schema));
  useEffect(() => {
    if (!host.current) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const extensions: Extension[] = [
      ...basics(label),
      keymap.of([{ key: "Mod-s", run: () => handled(save), preventDefault: true }]),
      autocompletion(),
      yamlLanguage.data.of({ autocomplete: (context: CompletionContext) => completions(context) }),
      linter(async ({ state }) => diagnostics(state.doc, await problems(state.doc.toString())), {
        delay: 500,
      }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) change(state.doc.toString());
      }),
    ];
    const view = new EditorView({
      state: EditorState.create({ doc: initial, extensions }),
      parent: root,
      root,
    });
    return () => view.destroy();
  }, [initial, label]);
  return <div ref={host} className="min-h-96" />;
}

function handled(act: () => void): true {
  act();
  return true;
}

function basics(label: string): Extension[] {
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    yaml(),
    syntaxHighlighting(colours),
    look,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label }),
    // Tab leaves the text, as keyboards expect; Ctrl ] and Ctrl [ indent.
    keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
  ];
}

/** The console's own colours: custom properties reach into a shadow root. */
const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--canvas)", fontSize: "0.85rem", minHeight: "24rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-content": { fontFamily: "ui-monospace, Menlo, Consolas, monospace", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": {
    color: "var(--muted)",
    backgroundColor: "var(--panel)",
    borderRight: "1px solid var(--line)",
  },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--panel)",
    border: "1px solid var(--line)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--accent-ink)",
    backgroundColor: "var(--accent)",
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.content], color: "var(--ink)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--busy)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

function diagnostics(text: Text, problems: readonly TextProblem[]): Diagnostic[] {
  return problems.map(({ line, column, message }) => {
    const place = text.line(Math.min(text.lines, Math.max(1, line)));
    const from = Math.min(place.to, place.from + Math.max(0, column - 1));
    return { from, to: Math.max(from, place.to), severity: "error", message };
  });
}

function completed(context: CompletionContext, schema: Readonly<Record<string, unknown>> | undefined) {
  const word = context.matchBefore(/[\w-]*$/);
  if (!schema || !word || (word.from === word.to && !context.explicit)) return null;
  if (syntaxTree(context.state).resolveInner(context.pos, -1).name === "Comment") return null;
  const way = wayTo(context.state.doc.sliceString(0, word.from));
  if (!way) return null;
  const options = fieldsAt(schema, way).map(({ name, detail }) => ({
    label: name,
    type: "property",
    info: detail,
    apply: `${name}: `,
  }));
  return { from: word.from, options };
}
