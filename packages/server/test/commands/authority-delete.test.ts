import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createFakeClock, createTestCa } from '@rolegate/testing';
import { runAuthorityCommand } from '../../src/commands/authority.ts';
import { createAuthorityKeeper } from '../../src/identity/authority/keeper.ts';
import { createAuthorityStore } from '../../src/identity/authority/store.ts';
import { createConnection } from '../../src/kubernetes/api/connection.ts';
import { recordLog, YEAR_MS } from '../identity/authority/setup.ts';
import { kubeConfigFor, startApi } from '../kubernetes/setup.ts';

const WHERE = { namespace: 'rolegate', name: 'rolegate-authority' };
const SECOND_MS = 1_000;

/** The objects that a server has left, and the command that deletes them. `server`: one that is still running. */
async function setup() {
  const run = await startApi({ clock: systemClock });
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const store = createAuthorityStore({ ...WHERE, connection: run.connection, signal });
  const server = createAuthorityKeeper({
    store,
    clock,
    signal,
    where: WHERE,
    ageMs: YEAR_MS,
    log: recordLog().log,
    authorityOlder: () => undefined,
  });
  await server.look();

  async function remove(
    { during = () => Promise.resolve() }: { during?: () => Promise<void> } = {},
    more = '',
  ) {
    let [said, code] = ['', undefined as number | undefined];
    const write = (text: string) => (said += text);
    const running = runAuthorityCommand({
      argv: ['delete', '--namespace=rolegate', ...more.split(' ').filter((word) => word !== '')],
      env: {},
      stdout: { write },
      stderr: { write },
      clock,
      connect: () =>
        Promise.resolve(createConnection({ kubeConfig: kubeConfigFor(run.api.url), clock: systemClock })),
    }).then((ended) => (code = ended));
    const startMs = clock.monotonic();
    while (code === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.pending > 0) {
        await during();
        await clock.advance(SECOND_MS);
      }
    }
    await running;
    return { code, said, tookMs: clock.monotonic() - startMs };
  }

  const there = () =>
    (['Secret', 'ConfigMap'] as const).filter(
      (kind) => run.api.get(kind, WHERE.namespace, WHERE.name) !== undefined,
    );
  return { ...run, server, remove, there };
}

describe('rolegate-server authority delete', () => {
  it('The delete command removes the Secret and the ConfigMap once no server restores them', async () => {
    await using run = await setup();
    const { code, said, tookMs } = await run.remove();
    expect([code, run.there()]).toEqual([0, []]);
    expect(said).toBe('the Secret and the ConfigMap rolegate/rolegate-authority are deleted\n');
    expect(tookMs).toBeGreaterThan(12 * SECOND_MS);
  });

  it('A second delete command has nothing to do', async () => {
    await using run = await setup();
    await run.remove({}, '--now');
    expect(await run.remove()).toMatchObject({
      code: 0,
      said: expect.stringContaining('nothing to do') as unknown,
      tookMs: 0,
    });
  });

  it('The delete command waits for a server that is being stopped', async () => {
    await using run = await setup();
    let looks = 0;
    const during = async () => {
      if ((looks += 1) <= 8) await run.server.look();
    };
    const { code } = await run.remove({ during });
    expect([code, run.there()]).toEqual([0, []]);
  });

  it('The delete command fails and says to remove the servers if one still runs', async () => {
    await using run = await setup();
    const { code, said } = await run.remove({ during: () => run.server.look() });
    expect(code).toBe(1);
    expect(said).toContain('a running server restores rolegate/rolegate-authority; remove the servers');
  });

  it.each([
    { kind: 'Secret', data: { 'tls.key': 'eA==' }, says: 'contains tls.key, which no server wrote' },
    { kind: 'ConfigMap', data: { 'ca.crt': '', other: 'x' }, says: 'contains other, which no server wrote' },
    { kind: 'ConfigMap', data: 'foreign', says: 'contains certificates that no server wrote' },
  ])('The delete command deletes nothing if an object $says', async ({ kind, data, says }) => {
    await using run = await setup();
    const values = data === 'foreign' ? { 'ca.crt': (await createTestCa()).pem } : data;
    run.api.apply({ kind, metadata: WHERE, data: values });
    const { code, said } = await run.remove();
    expect([code, run.there()]).toEqual([1, ['Secret', 'ConfigMap']]);
    expect(said).toContain(says);
  });

  it('The delete command says which permission is missing', async () => {
    await using run = await setup();
    run.api.refuse(403);
    const { code, said } = await run.remove();
    expect(code).toBe(1);
    expect(said).toContain('the right to get secrets/rolegate-authority with a Role');
  });
});
