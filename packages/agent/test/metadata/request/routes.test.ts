import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import type { MemoryKind } from '../../../src/memory/memory.ts';
import { groupPaths, ungroupedPaths } from '../../../src/node-imds/groups.ts';
import { knownPath } from '../../../src/node-imds/known-path.ts';
import { createRoutes, routeName } from '../../../src/metadata/request/routes.ts';

const CREDENTIALS = '/latest/meta-data/iam/security-credentials';

function setup() {
  const asked: string[] = [];
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const routes = createRoutes({
    everReadable: (path) => {
      asked.push(path);
      return path.startsWith('meta-data/placement');
    },
    memory,
  });
  return {
    asked,
    clock,
    routeOf: (target: string, namespace = 'shop') => routes(target, namespace),
    timesAsked: (path: string) => asked.filter((one) => one === path).length,
    remembered: () => memory.sizes()['routes'],
  };
}

describe('Routes', () => {
  it.each([
    { target: '/', route: { kind: 'versions' }, name: 'metadata' },
    { target: '/latest/api/token', route: { kind: 'token', dated: false }, name: 'token' },
    { target: '/1.0/api/token/', route: { kind: 'token', dated: true }, name: 'token' },
    { target: CREDENTIALS, route: { kind: 'list' }, name: 'list' },
    { target: `${CREDENTIALS}/?x`, route: { kind: 'list' }, name: 'list' },
    { target: `${CREDENTIALS}/a%2Fb/`, route: { kind: 'credentials', role: 'a/b' }, name: 'credentials' },
    { target: `${CREDENTIALS}//a%2Fb`, route: { kind: 'credentials', role: 'a/b' }, name: 'credentials' },
    { target: `${CREDENTIALS}-extended/`, route: { kind: 'list' }, name: 'list' },
    {
      target: `${CREDENTIALS}-extended/a/b//`,
      route: { kind: 'credentials', role: 'a/b' },
      name: 'credentials',
    },
    { target: `${CREDENTIALS}-extension`, route: { kind: 'blocked' }, name: 'blocked' },
    { target: '/latest/api//token//', route: { kind: 'token', dated: false }, name: 'token' },
    { target: '/latest/meta-data/iam/', route: { kind: 'iam' }, name: 'metadata' },
    { target: '/2021-03-23/meta-data/iam/info', route: { kind: 'iam-info' }, name: 'iam-info' },
    {
      target: '/latest/meta-data/placement/region/',
      route: { kind: 'metadata', path: 'meta-data/placement/region' },
      name: 'metadata',
    },
    { target: '/latest/user-data', route: { kind: 'blocked' }, name: 'blocked' },
    { target: '/latest//user-data', route: { kind: 'blocked' }, name: 'blocked' },
    { target: '*', route: { kind: 'malformed' }, name: 'malformed' },
  ])('The target $target has the route $name', ({ target, route, name }) => {
    const found = setup().routeOf(target);
    expect(found).toMatchObject(route);
    expect(routeName(found)).toBe(name);
  });

  it('Every known path keeps its route if slashes are added to any of its own', () => {
    const memory = createMemory<MemoryKind>({ clock: createFakeClock() });
    const routes = createRoutes({ everReadable: (path) => knownPath(path) !== undefined, memory });
    const routeOf = (target: string) => routes(target, 'shop');
    const known = [
      '',
      'api/token',
      'meta-data',
      'meta-data/iam',
      'meta-data/iam/info',
      'meta-data/iam/security-credentials',
      'meta-data/iam/security-credentials/app/reader',
      'meta-data/iam/security-credentials-extended',
      'meta-data/iam/security-credentials-extended/reader',
      ...Object.values(groupPaths).flat(),
      ...ungroupedPaths,
    ].map((path) => path.replace('<mac>', '02:29:96:8f:6a:2d').replace('<tag>', 'team=owner'));
    const version = fc.constantFrom('latest', '1.0', '2021-03-23');
    const runs = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 });
    const last = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(version, fc.constantFrom(...known), runs, last, (name, path, counts, ending) => {
        const parts = [name, ...(path === '' ? [] : path.split('/'))];
        const many = parts.map((part, at) => '/'.repeat(counts[at] ?? 1) + part).join('');
        const route = routeOf(`/${parts.join('/')}`);
        expect(routeName(route)).not.toMatch(/blocked|malformed/);
        expect(routeOf(many + '/'.repeat(ending))).toEqual(route);
      }),
      { numRuns: 1_000 },
    );
  });

  it('A route is computed once per target', () => {
    const { asked, routeOf } = setup();
    for (let times = 0; times < 3; times += 1) routeOf('/latest/user-data');
    expect(asked).toEqual(['user-data']);
  });

  it('A blocked route names its path for the log, cut after 128 characters', () => {
    const { routeOf } = setup();
    expect(routeOf('/latest//user-data/')).toEqual({
      kind: 'blocked',
      detail: 'no Pod may read /user-data here',
    });
    expect(routeOf(`/latest/${'a'.repeat(9_000)}`)).toEqual({
      kind: 'blocked',
      detail: `no Pod may read /${'a'.repeat(128)}… here`,
    });
  });

  it('Routes are forgotten after an hour, and not earlier because another Namespace makes up targets', async () => {
    const { clock, routeOf, timesAsked, remembered } = setup();
    routeOf('/latest/mine');
    for (let at = 0; at < 2_000; at += 1) routeOf(`/latest/x-${at}`, 'greedy');
    routeOf('/latest/mine');
    expect([timesAsked('mine'), remembered()]).toEqual([1, 512]);
    await clock.advance(3_600_000 + 3_600_000 / 16);
    expect(remembered()).toBe(0);
    routeOf('/latest/mine');
    expect(timesAsked('mine')).toBe(2);
  });

  it('Routes stay correct and are not all remembered if a client makes up targets', () => {
    const { asked, routeOf } = setup();
    for (let at = 0; at < 2_000; at += 1) expect(routeOf(`/latest/x-${at}`).kind).toBe('blocked');
    routeOf('/latest/x-0');
    expect(asked.filter((path) => path === 'x-0')).toHaveLength(2);
    expect(routeOf(`${CREDENTIALS}/reader`)).toEqual({ kind: 'credentials', role: 'reader' });
  });
});
