import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHostCheck, metadataHosts } from '../../src/metadata/host-check.ts';
import { createRoutes, routeName } from '../../src/metadata/routes.ts';

const CREDENTIALS = '/latest/meta-data/iam/security-credentials';

function setup() {
  const asked: string[] = [];
  const routeOf = createRoutes({
    everReadable: (path) => {
      asked.push(path);
      return path.startsWith('meta-data/placement');
    },
  });
  return { asked, routeOf };
}

describe('routes', () => {
  it.each([
    { target: '/', route: { kind: 'versions' }, name: 'metadata' },
    { target: '/latest/api/token', route: { kind: 'token', dated: false }, name: 'token' },
    { target: '/1.0/api/token/', route: { kind: 'token', dated: true }, name: 'token' },
    { target: CREDENTIALS, route: { kind: 'list' }, name: 'list' },
    { target: `${CREDENTIALS}/?x`, route: { kind: 'list' }, name: 'list' },
    { target: `${CREDENTIALS}/a%2Fb/`, route: { kind: 'credentials', role: 'a/b' }, name: 'credentials' },
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
  ])('$target is $name', ({ target, route, name }) => {
    const found = setup().routeOf(target);
    expect(found).toMatchObject(route);
    expect(routeName(found)).toBe(name);
  });

  it('are worked out once for a target', () => {
    const { asked, routeOf } = setup();
    for (let times = 0; times < 3; times += 1) routeOf('/latest/user-data');
    expect(asked).toEqual(['user-data']);
  });

  it('stay right, and are not remembered without end, whoever makes up targets', () => {
    const { asked, routeOf } = setup();
    for (let at = 0; at < 2_000; at += 1) expect(routeOf(`/latest/x-${at}`).kind).toBe('blocked');
    routeOf('/latest/x-0');
    expect(asked.filter((path) => path === 'x-0')).toHaveLength(2);
    expect(routeOf(`${CREDENTIALS}/reader`)).toEqual({ kind: 'credentials', role: 'reader' });
  });
});

describe('the check of Host headers', () => {
  it('takes the hosts that the operator adds, in any case and spelling', () => {
    const isAllowed = createHostCheck([...metadataHosts, 'Relay.Internal', '::1', '127.0.0.1']);
    for (const host of ['relay.internal', 'RELAY.internal:8080', '[::1]:80', '[0:0::1]', '127.0.0.1:1'])
      expect(isAllowed(host)).toBe(true);
    for (const host of ['relay.internal.', 'internal', '::1', '[::2]', '127.0.0.1:1:1'])
      expect(isAllowed(host)).toBe(false);
  });

  it('takes no name that is not in the list, whatever it looks like', () => {
    const isAllowed = createHostCheck(metadataHosts);
    fc.assert(
      fc.property(
        fc.oneof(fc.domain(), fc.ipV4(), fc.webAuthority()),
        fc.constantFrom('', ':80', '.', ':'),
        (name, end) => {
          fc.pre(name !== '' && !name.startsWith('169.254.169.254'));
          expect(isAllowed(name + end)).toBe(false);
        },
      ),
    );
  });
});
