import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SENTINELS } from '@rolegate/testing';
import { eventually, expectLine, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const NEVER = [...SENTINELS.never, ...SENTINELS.unlessAllowed];
const ANSWER_WITHIN_MS = 6_000;

describe('Malformed requests', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  let from: string;
  beforeAll(async () => {
    world = opened.use(await setup());
    from = world.world.node.pod('Pod steady/pod')?.ip ?? '';
    await expectSteady();
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  const expectSteady = () =>
    eventually(async () => {
      expect((await world.as('steady/pod').credentials()).status).toBe(200);
    });

  /** Sends raw bytes from a Pod's address. Resolves with everything that comes back. */
  function send(bytes: string, localAddress = '127.9.3.1'): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ ...world.world.agent, localAddress });
      let answer = '';
      socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve(answer);
      });
      socket.write(bytes);
    });
  }
  const get = (target: string, headers = '') =>
    `GET ${target} HTTP/1.1\r\nHost: 169.254.169.254\r\n${headers}Connection: close\r\n\r\n`;

  it.each([
    { what: 'half a request', bytes: 'GET /latest/meta-data/ HTTP/1.1\r\nHost: 169', status: 408 },
    { what: 'a header of 1 MB', bytes: get('/latest/', `X-Long: ${'x'.repeat(1_000_000)}\r\n`), status: 431 },
    { what: 'a target in absolute form', bytes: get('http://169.254.169.254/latest/user-data'), status: 400 },
    { what: 'a target that is a star', bytes: get('*'), status: 400 },
    { what: '%00 in the path', bytes: get('/latest/user-data%00'), status: 400 },
    { what: 'two slashes in the path', bytes: get('/latest//user-data'), status: 404 },
    {
      what: 'a way out of the path',
      bytes: get('/latest/meta-data/placement/..;/../user-data'),
      status: 404,
    },
    { what: 'no HTTP at all', bytes: '\u0016\u0003\u0001 not HTTP\r\n\r\n', status: 400 },
    {
      what: 'two lengths',
      bytes: get('/latest/', 'Content-Length: 1\r\nContent-Length: 2\r\n'),
      status: 400,
    },
  ])(
    'Bad input ($what) is answered without secrets, and another Pod is served meanwhile',
    async ({ bytes, status }) => {
      const [answer] = await Promise.all([send(bytes), expectSteady()]);
      const said = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
      // A path that no parser should rebuild is malformed or blocked, so it leads nowhere.
      expect(status === 404 ? [400, 404] : [status]).toContain(said);
      for (const secret of NEVER) expect(answer).not.toContain(secret);
    },
  );

  it('A blocked request is logged with its reason, address and Pod', async () => {
    await send(get('/latest/user-data'), from);
    await expectLine(world.agentLog, { msg: 'request refused', reason: 'PathBlocked', ip: from, pod: 'pod' });
  });

  it('Random bytes as requests do not stop the agent', async () => {
    let seed = 42;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647);
    const noise = Array.from({ length: 40 }, () =>
      String.fromCharCode(...Array.from({ length: 200 }, () => random() % 256)),
    );
    await Promise.all(noise.map((bytes, at) => send(`${bytes}\r\n\r\n`, `127.9.4.${at + 1}`)));
    await expectSteady();
  });
});
