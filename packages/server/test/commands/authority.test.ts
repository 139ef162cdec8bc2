import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { runAuthorityCommand } from '../../src/commands/authority.ts';
import { createAuthorityKeeper } from '../../src/identity/authority/keeper.ts';
import { createAuthorityStore } from '../../src/identity/authority/store.ts';
import { createConnection } from '../../src/kubernetes/api/connection.ts';
import { HOUR_MS, MINUTE_MS, recordLog, YEAR_MS } from '../identity/authority/setup.ts';
import { kubeConfigFor, startApi } from '../kubernetes/setup.ts';

const WHERE = { namespace: 'kube-system', name: 'rolegate-authority' };

/** A server's keeper and the command, on one stand-in. */
async function setup() {
  const run = await startApi({ clock: systemClock });
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const store = createAuthorityStore({ ...WHERE, connection: run.connection, signal });
  const keeper = createAuthorityKeeper({
    store,
    clock,
    log: recordLog().log,
    where: WHERE,
    ageMs: YEAR_MS,
    signal,
    authorityOlder: () => undefined,
  });

  async function command(
    line: string,
    env: Readonly<Record<string, string>> = { POD_NAMESPACE: 'kube-system' },
  ) {
    const written = { out: '', err: '' };
    const code = await runAuthorityCommand({
      argv: line.split(' '),
      env,
      stdout: { write: (text: string) => (written.out += text) },
      stderr: { write: (text: string) => (written.err += text) },
      clock,
      connect: () =>
        Promise.resolve(createConnection({ kubeConfig: kubeConfigFor(run.api.url), clock: systemClock })),
    });
    return { code, ...written };
  }

  const states = () => keeper.shared()?.authorities.all.map(({ state }) => state);
  await keeper.look();
  return { ...run, clock, keeper, command, states };
}

describe('rolegate-server authority', () => {
  it('The status command shows the authorities and whether the ConfigMap contains exactly these', async () => {
    await using run = await setup();
    const { code, out } = await run.command('status');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ID +STATE +SINCE +ENDS\n[0-9a-f]{16} +active +2026-11-23T07:00:00.000Z +2027-11-23T/,
    );
    expect(out).toContain('ConfigMap kube-system/rolegate-authority contains these certificates\n');
    run.api.apply({ kind: 'ConfigMap', metadata: WHERE, data: { 'ca.crt': '' } });
    expect((await run.command('status')).out).toContain('does not match these certificates');
  });

  it('The prepare, activate and retire commands replace the authority, and a server follows each step', async () => {
    await using run = await setup();
    expect(await run.command('prepare')).toMatchObject({
      code: 0,
      out: expect.stringContaining('is prepared') as unknown,
    });
    await run.keeper.look();
    expect(run.states()).toEqual(['active', 'prepared']);
    run.clock.jumpWall(3 * MINUTE_MS);
    expect(await run.command('activate')).toMatchObject({
      code: 0,
      out: expect.stringContaining('is active') as unknown,
    });
    await run.keeper.look();
    expect(run.states()).toEqual(['retired', 'active']);
    run.clock.jumpWall(2 * HOUR_MS);
    expect(await run.command('retire')).toMatchObject({
      code: 0,
      out: expect.stringContaining('no longer trusted') as unknown,
    });
    await run.keeper.look();
    expect(run.states()).toEqual(['active']);
  });

  it('The prepare command gives the new authority the age from --authority-age', async () => {
    await using run = await setup();
    await run.command('prepare --authority-age=240h');
    expect((await run.command('status')).out).toMatch(/prepared +\S+ +2026-12-03T07:00:00.000Z/);
  });

  it.each([
    { line: 'activate', says: 'no authority is prepared; prepare one first' },
    { line: 'retire', says: 'no authority is retired' },
    {
      line: 'status --namespace=other',
      says: 'the Secret other/rolegate-authority does not exist or is empty',
    },
    { line: 'prepare --authority-secret=x/y', says: 'the Secret x/y does not exist or is empty' },
  ])('The authority command refuses "$line" and says what to do', async ({ line, says }) => {
    await using run = await setup();
    const { code, out, err } = await run.command(line);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`rolegate-server authority: ${says}`);
  });

  it('The activate command refuses an authority that no server has published, unless --now is given', async () => {
    await using run = await setup();
    await run.command('prepare');
    run.clock.jumpWall(HOUR_MS);
    const { code, err } = await run.command('activate');
    expect(code).toBe(1);
    expect(err).toContain('the ConfigMap kube-system/rolegate-authority does not contain authority');
    expect((await run.command('activate --now')).code).toBe(0);
    expect((await run.command('retire')).code).toBe(1);
    expect((await run.command('retire --now')).code).toBe(0);
  });

  it('The status command says which permission is missing', async () => {
    await using run = await setup();
    run.api.refuse(403);
    const { code, err } = await run.command('status');
    expect(code).toBe(1);
    expect(err).toContain('the right to get secrets/rolegate-authority with a Role');
  });

  it('The prepare command changes nothing in a broken Secret', async () => {
    await using run = await setup();
    run.api.apply({
      kind: 'Secret',
      metadata: WHERE,
      data: { 'authorities.json': 'eA==', 'token-secret': 'eA==' },
    });
    const before = run.api.get('Secret', WHERE.namespace, WHERE.name);
    expect(await run.command('prepare')).toMatchObject({
      code: 1,
      err: expect.stringContaining('token-secret') as unknown,
    });
    expect(run.api.get('Secret', WHERE.namespace, WHERE.name)).toEqual(before);
  });

  it.each([
    { line: '', says: 'missing command: use one of status, prepare, activate, retire' },
    { line: 'rotate', says: 'missing command' },
    { line: 'status --nonsense', says: 'nonsense' },
    { line: 'prepare --authority-age=soon', says: 'authority-age' },
    { line: 'status --authority-secret=a/b/c', says: 'authority-secret' },
    { line: 'status', env: {}, says: '--namespace is needed' },
  ])('The authority command rejects the arguments "$line"', async ({ line, says, env }) => {
    await using run = await setup();
    const { code, err } = await run.command(line, env);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });

  it('The authority command prints its help with --help', async () => {
    await using run = await setup();
    const { code, out } = await run.command('--help');
    expect(code).toBe(0);
    expect(out).toContain('rolegate-server authority status|prepare|activate|retire');
    expect(out).toContain('--[no-]now');
  });
});
