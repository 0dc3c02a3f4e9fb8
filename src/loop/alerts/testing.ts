import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

/** A receiver on a port of its own: it keeps what comes, and answers as it is told. */
export class Receiver {
  readonly received: Received[] = [];
  /** Null: it takes the message and never answers. */
  status: number | null = 200;
  readonly #server: Server;
  #arrived = Promise.withResolvers<void>();

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      this.#take(request.headers, Buffer.concat(chunks).toString(), response);
    });
  }

  #take(headers: IncomingHttpHeaders, text: string, response: ServerResponse): void {
    this.received.push({ headers, text, body: JSON.parse(text) });
    if (this.status !== null) response.writeHead(this.status).end();
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }

  /** Resolves once so many have come. */
  async until(count: number): Promise<void> {
    while (this.received.length < count) await this.#arrived.promise;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** What the signature of Standard Webhooks must be, by a receiver's own reckoning. */
export function expectedSignature({ headers, text }: Received, key: Buffer): string {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
