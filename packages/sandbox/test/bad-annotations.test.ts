import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, ALLOWED, eventually, expectLine, namespace, PERMITTED, pod, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';

/** Input for two Namespaces per row: what is permitted, and what the Pod requests. */
interface Row {
  readonly says: string;
  readonly namespace: Readonly<Record<string, string>>;
  readonly role: string;
  readonly status: number;
  /** As in the list; '' if even the list is refused. */
  readonly listed: string;
  readonly reason?: string;
}

const anything = { [PERMITTED]: '.*' };
const malformed = { namespace: anything, status: 403, listed: '', reason: 'BadAnnotation' };
const refused = (role: string, reason: string) => ({ role, status: 403, listed: role, reason });
const served = (role: string) => ({ role, status: 200, listed: role });

const rows: readonly Row[] = [
  { says: 'arn:x', role: 'arn:x', ...malformed },
  {
    says: 'an empty role, which counts as none',
    role: '',
    namespace: anything,
    status: 404,
    listed: '',
    reason: 'NoRole',
  },
  { says: 'a role of 10 kB', role: 'r'.repeat(10_240), ...malformed },
  { says: 'a role in unicode', role: 'rôle-平和', ...malformed },
  { says: 'a role with a line break', role: 'team-a\nteam-b', ...malformed },
  { says: 'permitted: (', namespace: { [PERMITTED]: '(' }, ...refused('team-a', 'BadNamespaceRule') },
  {
    says: 'permitted: (a+)+$, which other engines take for ever on',
    namespace: { [PERMITTED]: '(a+)+$' },
    ...refused(`${'a'.repeat(60)}-b`, 'NamespaceDenied'),
  },
  { says: 'permitted: (a+)+$', namespace: { [PERMITTED]: '(a+)+$' }, ...served('aaa') },
  {
    says: 'the first of two alternatives',
    namespace: { [PERMITTED]: 'team-a|team-b' },
    ...served('team-a'),
  },
  {
    says: 'the second of two alternatives',
    namespace: { [PERMITTED]: 'team-a|team-b' },
    ...served('team-b'),
  },
  {
    says: 'more than an alternative',
    namespace: { [PERMITTED]: 'team-a|team-b' },
    ...refused('team-aX', 'NamespaceDenied'),
  },
  {
    says: 'an expression that breaks out of its brackets',
    namespace: { [PERMITTED]: 'x)|(?:.*' },
    ...refused('team-a', 'BadNamespaceRule'),
  },
  {
    says: 'allowed-roles that are not JSON',
    namespace: { [ALLOWED]: '["team-a"' },
    ...refused('team-a', 'BadNamespaceRule'),
  },
  {
    says: 'allowed-roles that are not strings',
    namespace: { [ALLOWED]: '["team-a", 7]' },
    ...refused('team-a', 'BadNamespaceRule'),
  },
  {
    says: 'allowed-roles that are not a list',
    namespace: { [ALLOWED]: '"team-a"' },
    ...refused('team-a', 'BadNamespaceRule'),
  },
];

describe('Bad annotations', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  beforeAll(async () => {
    world = opened.use(await setup());
    await add(
      world,
      ...rows.flatMap(({ namespace: annotations, role }, at) => [
        namespace(`n${at}`, annotations),
        pod(`n${at}/pod`, role),
      ]),
    );
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  it.each(rows.map((row, at) => ({ ...row, at })))(
    'The annotation "$says" is answered with $status, and another Pod is served',
    async ({ at, status, listed, reason }) => {
      const { as, agentLog } = world;
      await eventually(async () => {
        const [answer, other] = await Promise.all([
          as(`n${at}/pod`).credentials(),
          as('steady/pod').credentials(),
        ]);
        expect(seen(answer)).toEqual({ status, role: listed });
        expect(other.status).toBe(200);
      });
      if (reason === undefined) return;
      await expectLine(agentLog, { msg: 'request refused', namespace: `n${at}`, reason });
    },
  );

  it('A bad annotation is reported by an Event', async () => {
    const { api } = world.world;
    await eventually(() => {
      for (const reason of ['BadAnnotation', 'BadNamespaceRule', 'NamespaceDenied'])
        expect(api.events).toContainEqual(expect.objectContaining({ type: 'Warning', reason }));
    });
  });

  it('A corrected annotation takes effect on running servers', async () => {
    const at = rows.findIndex(({ says }) => says === 'permitted: (');
    await add(world, namespace(`n${at}`, { [PERMITTED]: 'team-a' }));
    await eventually(async () => {
      expect((await world.as(`n${at}/pod`).credentials()).status).toBe(200);
    });
  });
});
