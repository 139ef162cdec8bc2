import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createOurs, createTheirs } from './accepted.ts';
import type { Accepted } from './accepted.ts';
import { arrivals } from './grammar.ts';

const RUNS = 5_000;

const ours = await createOurs();
const theirs = createTheirs();

/** Resolves with what the tested server accepted, after checking that node:http read the same. */
async function expectTheSame(pieces: readonly string[]): Promise<readonly Accepted[]> {
  const [accepted, understood] = await Promise.all([ours(pieces), theirs(pieces)]);
  // node:http may read further requests, and bodies that the tested server does not read.
  const same = accepted.map(({ body }, at) => {
    const request = understood[at];
    return body === undefined && request !== undefined ? { ...request, body } : request;
  });
  expect(same).toEqual(accepted);
  return accepted;
}

describe('Accepted requests', () => {
  it('Each accepted request is a request to node:http, with the same method, target, headers and body', async () => {
    let requests = 0;
    let bodies = 0;
    await fc.assert(
      fc.asyncProperty(arrivals(), async (pieces) => {
        const accepted = await expectTheSame(pieces);
        requests += accepted.length;
        bodies += accepted.filter(({ body = '' }) => body !== '').length;
      }),
      { numRuns: RUNS },
    );
    // A grammar that is hardly ever understood would prove nothing.
    expect(requests).toBeGreaterThan(RUNS / 5);
    expect(bodies).toBeGreaterThan(RUNS / 100);
  });

  const put = 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const next = 'GET /next HTTP/1.1\r\n\r\n';

  it.each([
    { what: 'white space behind the size of a chunk', stream: `${put}1 \r\nx\r\n0\r\n\r\n${next}` },
    { what: 'an extension that is none', stream: `${put}1;a b @\r\nx\r\n0\r\n\r\n${next}` },
    { what: 'a length in a trailer', stream: `${put}0\r\nContent-Length: 3\r\n\r\n${next}` },
    { what: 'an encoding in a trailer', stream: `${put}0\r\nTransfer-Encoding: chunked\r\n\r\n${next}` },
    { what: 'an end in a trailer', stream: `${put}0\r\nConnection: close\r\n\r\n${next}` },
    { what: 'an end for a proxy', stream: `GET / HTTP/1.1\r\nProxy-Connection: close\r\n\r\n${next}` },
    {
      what: 'a request behind one for another protocol',
      stream: `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n${next}`,
    },
    {
      what: 'a request behind the body of one for another protocol',
      stream: `PUT / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx${next}`,
    },
  ])(
    'A stream with $what yields at most one request, which node:http reads the same way',
    async ({ stream }) => {
      const accepted = await expectTheSame([stream]);
      expect(accepted.length).toBeLessThanOrEqual(1);
    },
  );

  it('A head is accepted up to the size limit, and is the same to node:http', async () => {
    const fill = (bytes: number) => {
      const head = 'GET / HTTP/1.1\r\nX: ';
      return `${head}${'x'.repeat(bytes - head.length)}\r\n\r\n`;
    };
    expect(await expectTheSame([fill(16_384)])).toHaveLength(1);
    expect(await expectTheSame([fill(16_385)])).toHaveLength(0);
    const many = Array.from({ length: 100 }, (_, at) => `X-${at}: y\r\n`).join('');
    expect(await expectTheSame([`GET / HTTP/1.1\r\n${many}\r\n`])).toHaveLength(1);
  });

  it('Requests that wait for each answer are accepted one by one, whatever protocol they request', async () => {
    const upgrade = 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    expect(await expectTheSame([upgrade, next, upgrade, next])).toHaveLength(4);
  });
});
