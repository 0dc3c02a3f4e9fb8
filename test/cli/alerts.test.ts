import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { expectedSignature, Receiver } from "../../src/loop/alerts/testing.ts";
import { flyball, jsonLines, type Started, start } from "../command.ts";

const workflow = `workflow: broken
input: {}
steps: [{ id: half, transform: { value: "{{ 1 // input.n }}" } }]
`;

const settings = (host: string) => `allow: { http: ["${host}"] }
alerts: [{ name: oncall, url: "http://${host}/hook", secret: "{{ secrets.ONCALL }}" }]
`;

interface Shown {
  readonly kind: string;
  readonly deliveries: readonly { readonly status: string; readonly attempts: number }[];
}

test("an alert that was raised arrives although the server is killed before it was taken", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "flyball-alerts-"));
  const receiver = new Receiver();
  const host = await receiver.listen();
  writeFileSync(join(folder, "flyball.yaml"), settings(host));
  writeFileSync(join(folder, "broken.yaml"), workflow);
  const options = { cwd: folder, env: { FLYBALL_SECRET_ONCALL: "plain words" } };
  let server: Started | undefined;
  const serve = () => start(["serve", "broken.yaml", "--port", "0", "--no-supervise"], options);
  t.after(async () => {
    server?.child.kill("SIGKILL");
    await server?.outcome;
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await flyball(["run", "broken.yaml", "--input", '{"n":0}'], options);
  receiver.status = null;
  server = serve();
  await receiver.until(1);
  server.child.kill("SIGKILL");
  await server.outcome;

  receiver.status = 200;
  server = serve();
  await receiver.until(2);
  const [first, second] = receiver.received;
  assert.ok(first && second);
  assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
  assert.equal(second.text, first.text);
  assert.equal(second.headers["webhook-signature"], expectedSignature(second, Buffer.from("plain words")));

  const tested = await flyball(["alerts", "test"], options);
  assert.deepEqual([tested.code, tested.stdout], [0, "oncall: delivered\n"]);
  const listed = await flyball(["alerts", "list", "--json"], options);
  assert.deepEqual(
    jsonLines<Shown>(listed.stdout).map(({ kind, deliveries: [told] }) => [
      kind,
      told?.status,
      told?.attempts,
    ]),
    [
      ["test", "delivered", 1],
      ["paused", "delivered", 1],
    ],
  );
});
