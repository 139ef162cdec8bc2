import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { jsonOf, writePieces } from '../../src/kubernetes-api/answer-text.ts';

const PIECES = 100;

/** A server that answers in large pieces, and a reader that has not read yet. */
async function setup() {
  let made = 0;
  function* pieces() {
    for (; made < PIECES; made++) yield 'x'.repeat(1_000_000);
  }
  const written = Promise.withResolvers<undefined>();
  const server = createServer((_, response) => {
    void writePieces(response, pieces()).then(() => {
      response.end();
      written.resolve(undefined);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return {
    made: () => made,
    written: written.promise,
    response,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('Answer pieces', () => {
  it('No more pieces are made than the reader takes', async () => {
    await using run = await setup();
    expect(run.made()).toBeLessThan(PIECES);
    let bytes = 0;
    for await (const chunk of run.response as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(PIECES * 1_000_000);
  });

  it('Writing ends if the reader leaves', async () => {
    await using run = await setup();
    run.response.destroy();
    await run.written;
    expect(run.made()).toBeLessThan(PIECES);
  });
});

describe('JSON text', () => {
  it('JSON is escaped as Go escapes it', () => {
    expect(jsonOf({ '<a>': 'b & <c>' })).toBe('{"\\u003ca\\u003e":"b \\u0026 \\u003cc\\u003e"}');
  });
});
