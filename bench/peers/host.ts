/**
 * The process that one peer lives in, client and all: `node host.ts NAME FOLDER`, with a channel to
 * the bench. Its servers are its children and stay in its process group, so that one signal ends all.
 */
import { measure } from "../measure.ts";
import type { FromHost, ToHost } from "./hosting.ts";
import type { Peer, RunningPeer } from "./peer.ts";

const [name = "", folder = ""] = process.argv.slice(2);
const tell = (message: FromHost) => process.send?.(message);
const fail = (error: unknown) => tell({ type: "failed", reason: String(error) });
// Without the bench nobody else would end the servers.
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));

async function answer(running: RunningPeer, message: ToHost): Promise<FromHost> {
  switch (message.type) {
    case "measure":
      return { type: "figure", figure: await measure(message, () => running.run(message.steps)) };
    case "ask":
      return { type: "inEffect", inEffect: await running.inEffect() };
    case "stop":
      await running.stop();
      return { type: "stopped" };
  }
}

try {
  const { peer }: { readonly peer: Peer } = await import(`./peers/${name}.ts`);
  const running = await peer.start(folder);
  process.on("message", (message: ToHost) => answer(running, message).then(tell, fail));
  tell({ type: "ready", name: peer.name, version: peer.version(), settings: peer.settings });
} catch (error) {
  fail(error);
}
