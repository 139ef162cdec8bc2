import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An object as JSON, generated when it is sent: its beginning, this many bytes of a string, and its end. */
export interface FatObject {
  readonly start: string;
  readonly filler: number;
  readonly end: string;
}

export interface FatApiOptions {
  /** The kind, as in paths, of which there are objects. */
  readonly resource: string;
  readonly count: number;
  /** `list`: how often the kind has been listed by a stream, this time included. */
  readonly objectAt: (index: number, list: number) => FatObject;
  readonly streaming: boolean;
  /** This many of the first watches of each kind expire as soon as they have listed its objects. */
  readonly expires?: number;
}

/** `<` is what the API server writes as six bytes. */
const FILLER = Buffer.from('\\u003c'.repeat(64 * 1024));

/** An API server whose objects are too many and too large for memory; it generates each when it sends it. */
export async function startFatApi({ resource, count, objectAt, streaming, expires = 0 }: FatApiOptions) {
  const lists: Record<string, number> = {};

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kubernetes');
    const total = pathname === `/api/v1/${resource}` ? count : 0;
    if (searchParams.get('watch') !== 'true')
      void sendPage(response, total, Number(searchParams.get('continue') ?? 0));
    else if (!searchParams.has('sendInitialEvents')) response.flushHeaders();
    else if (streaming) void sendAll(response, total, (lists[pathname] = (lists[pathname] ?? 0) + 1));
    else response.writeHead(422).end('{}');
  });

  async function sendPage(response: ServerResponse, total: number, from: number): Promise<void> {
    const to = Math.min(total, from + 100);
    const next = to < total ? `,"continue":"${to}"` : '';
    response.write(`{"kind":"List","metadata":{"resourceVersion":"9"${next}},"items":[`);
    for (let index = from; index < to; index += 1)
      await send(response, objectAt(index, 1), index > from ? ',' : '', '');
    response.end(']}');
  }

  async function sendAll(response: ServerResponse, total: number, list: number): Promise<void> {
    for (let index = 0; index < total; index += 1)
      await send(response, objectAt(index, list), '{"type":"ADDED","object":', '}\n');
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const object = { metadata: { resourceVersion: '9', annotations } };
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    if (list <= expires) response.end('{"type":"ERROR","object":{"code":410}}\n');
  }

  async function send(
    response: ServerResponse,
    { start, filler, end }: FatObject,
    before: string,
    after: string,
  ): Promise<void> {
    response.write(before + start);
    for (let left = filler; left > 0; left -= FILLER.length) {
      const isTaken = response.write(left < FILLER.length ? FILLER.subarray(0, left - (left % 6)) : FILLER);
      if (!isTaken && !response.destroyed) await once(response, 'drain');
    }
    response.write(end + after);
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
