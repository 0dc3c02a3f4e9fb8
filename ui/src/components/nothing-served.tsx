import { Command, Empty, Panel } from "./basics.tsx";

/** Where pages tell of workflows, and there is none. */
export function NothingServed() {
  return (
    <Panel>
      <Empty title="No workflow is served here.">
        <p>
          Make one with <Command>flyball init</Command>, and serve its folder with{" "}
          <Command>flyball serve FOLDER</Command>.
        </p>
      </Empty>
    </Panel>
  );
}
