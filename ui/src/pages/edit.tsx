import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiProblem } from "flyball/client";
import { lazy, Suspense, useRef, useState } from "react";
import { useAddVersion, versionsQuery, versionTextQuery } from "../api/assets.ts";
import { checkText, problemsOf, type TextProblem, workflowSchemaQuery } from "../api/drafts.ts";
import { Button, Key, Loading, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { Field } from "../components/field.tsx";
import { editRoute } from "../router.tsx";

const Editor = lazy(() => import("../components/editor.tsx"));

/** A new version of an asset, begun from its newest one. No label moves: what runs get stays as it is. */
export function EditPage() {
  const { kind, name } = editRoute.useParams();
  const versions = useQuery(versionsQuery({ kind, name }));
  const newest = versions.data?.items[0]?.digest;
  if (versions.error) return <Problem error={versions.error} />;
  if (!newest) return <Loading lines={12} />;
  return <Draft key={`${kind}/${name}`} kind={kind} name={name} newest={newest} />;
}

function Draft({ kind, name, newest }: { kind: string; name: string; newest: string }) {
  const id = { kind, name };
  // What is written on must not change under the hands of who writes.
  const [begunFrom] = useState(newest);
  const { data: version, error } = useQuery(versionTextQuery(id, begunFrom));
  const { data: schema } = useQuery({ ...workflowSchemaQuery, enabled: kind === "workflow" });
  const [text, setText] = useState<string>();
  const [message, setMessage] = useState("");
  const [problems, setProblems] = useState<readonly TextProblem[]>([]);
  const checks = useRef(0);
  const add = useAddVersion(id);
  const navigate = useNavigate();
  if (error) return <Problem error={error} />;
  if (!version) return <Loading lines={12} />;
  const isChanged = text !== undefined && text !== version.text;
  const check = async (draft: string) => {
    const turn = ++checks.current;
    const found = await checkText(id, draft);
    // An earlier text's answer may come after this one's.
    if (turn === checks.current) setProblems(found);
    return found;
  };
  const save = () => {
    if (!isChanged || add.isPending) return;
    add.mutate(
      { text, ...(message ? { message } : {}) },
      {
        onSuccess: () => navigate({ to: "/assets/$kind/$name", params: id }),
        onError: (refused) => refused instanceof ApiProblem && setProblems(problemsOf(refused)),
      },
    );
  };
  return (
    <>
      <PageTitle
        title={`A new version of ${name}`}
        note="It is checked as it is written; saving moves no label"
      />
      <Panel className="overflow-hidden">
        <Suspense fallback={<Loading lines={12} />}>
          <Editor
            label={`Text of ${name}`}
            initial={version.text}
            schema={schema}
            check={check}
            onChange={setText}
            onSave={save}
          />
        </Suspense>
      </Panel>
      <Problems problems={problems} />
      <div className="mt-4 grid max-w-2xl gap-3">
        <Field
          title="Message (optional)"
          value={message}
          onChange={({ target }) => setMessage(target.value)}
          maxLength={2_000}
        />
        <p>
          <Button look="primary" onClick={save} disabled={!isChanged || problems.length > 0 || add.isPending}>
            Save the version <Key>Ctrl S</Key>
          </Button>
        </p>
      </div>
    </>
  );
}

/** The same as at the lines, for whoever cannot see a mark in a gutter. */
function Problems({ problems }: { problems: readonly TextProblem[] }) {
  return (
    <ul aria-live="polite" aria-label="Problems" className="mt-2 min-h-6 space-y-1">
      {problems.map(({ line, column, message }) => (
        <li key={`${line}:${column} ${message}`} className="text-bad">
          Line {line}, column {column}: {message}
        </li>
      ))}
    </ul>
  );
}
