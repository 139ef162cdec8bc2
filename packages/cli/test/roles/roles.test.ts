import { describe, expect, it } from 'vitest';
import { readAgentStatus } from '../../src/answers/agent-status.ts';
import { readServerStatus } from '../../src/answers/server-status.ts';
import { isSameRole } from '../../src/roles/role-name.ts';
import { rolesOf } from '../../src/roles/roles.ts';
import type { RoleSources } from '../../src/roles/roles.ts';
import { whoText } from '../../src/roles/roles-text.ts';
import { whoHas } from '../../src/roles/who.ts';

const CART = 'arn:aws:iam::123456789012:role/shop/cart';
const PERMITTED = 'iam.amazonaws.com/permitted';

function sources(): RoleSources {
  const agent = (node: string, ...pods: readonly object[]) => ({
    node,
    status: readAgentStatus(JSON.stringify({ version: '0.2.0', node, pods })),
  });
  const server = (pod: string, ...sessions: readonly object[]) => ({
    pod,
    status: readServerStatus(JSON.stringify({ sessions, sessionsLeftOut: 0 })),
  });
  const session = { role: CART, sessionName: 'shop.default', state: 'valid' };
  return {
    agents: [
      agent(
        'node-a',
        {
          namespace: 'shop',
          name: 'cart-1',
          uid: '1',
          role: CART,
          sessionName: 'shop.default',
          state: 'ok',
          remainingMinutes: 50,
        },
        { namespace: 'shop', name: 'front', uid: '2', state: 'NoRole' },
      ),
      agent('node-b', {
        namespace: 'legacy',
        name: 'reports',
        uid: '3',
        role: 'shop/cart',
        state: 'NamespaceDenied',
        note: 'not permitted',
      }),
      { node: 'node-c', status: { fault: 'timeout' } },
    ],
    servers: [
      server('rolegate/s-0', {
        ...session,
        nodes: ['node-a'],
        remainingSeconds: 3_000,
        nextInSeconds: 1_500,
      }),
      server('rolegate/s-1', { ...session, state: 'at-agents', nodes: ['node-a', 'node-d'] }),
    ],
    namespaces: {
      value: [
        { metadata: { name: 'shop', annotations: { [PERMITTED]: 'shop/.*\n' } } },
        { metadata: { name: 'legacy', annotations: { [PERMITTED]: 'other' } } },
        { metadata: { name: 'batch', annotations: { 'iam.amazonaws.com/allowed-roles': '["*"]' } } },
        { metadata: { name: 'none' } },
      ],
    },
  };
}

describe('roles', () => {
  it('Pods that have a role or ask for one are listed with state, remaining life and the rule of their Namespace', () => {
    const { pods } = rolesOf(sources());
    expect(pods).toMatchObject([
      {
        namespace: 'legacy',
        pod: 'reports',
        node: 'node-b',
        state: 'NamespaceDenied',
        rules: [`${PERMITTED}: other`],
      },
      {
        namespace: 'shop',
        pod: 'cart-1',
        role: CART,
        remainingMinutes: 50,
        rules: [`${PERMITTED}: shop/.*`],
      },
    ]);
  });

  it('A session that several replicas know is one row, with the longest life and all nodes', () => {
    expect(rolesOf(sources()).sessions).toEqual([
      {
        role: CART,
        session: 'shop.default',
        state: 'valid',
        reason: undefined,
        remainingSeconds: 3_000,
        nextInSeconds: 1_500,
        nodes: 2,
      },
    ]);
  });

  it('With a Namespace, only its Pods and their sessions are listed', () => {
    expect(rolesOf(sources(), 'legacy')).toMatchObject({ pods: [{ pod: 'reports' }], sessions: [] });
  });

  it('What could not be asked is said', () => {
    const { incomplete } = rolesOf({ ...sources(), namespaces: { fault: 'forbidden' } });
    expect(incomplete).toEqual([
      'the agent of node-c does not answer: timeout',
      'Namespaces cannot be read: forbidden',
    ]);
  });
});

describe('who', () => {
  const refused = 'does not say' as const;

  it('Without an answer of a server, who has the role and who is refused are told apart, and all rules are listed', () => {
    expect(whoHas('shop/cart', { ...sources(), answer: refused })).toMatchObject({
      have: [{ pod: 'cart-1' }],
      refused: [{ pod: 'reports', state: 'NamespaceDenied' }],
      permits: undefined,
      undecided: [{ namespace: 'shop' }, { namespace: 'legacy' }, { namespace: 'batch' }],
      sessions: [{ session: 'shop.default' }],
    });
  });

  it('A role that nobody has is said to be nobody’s', () => {
    const [first] = sources().agents;
    const agents = first === undefined ? [] : [first];
    const answer = {
      value: {
        role: 'nobody',
        roleName: 'nobody',
        synced: true,
        roleCeiling: [],
        insideCeiling: true,
        namespacePolicy: 'enforce',
        isDefaultRole: false,
        namespaces: [],
        leftOut: 0,
      },
    };
    expect(whoText(whoHas('nobody', { ...sources(), agents, answer }), 80)).toContain('no Pod has nobody\n');
    const silent = whoHas('nobody', { ...sources(), agents: [], answer });
    expect(whoText(silent, 80)).toContain('no Pod with nobody was found; not all are known\n');
  });

  it.each([
    { a: CART, b: 'shop/cart', same: true },
    { a: CART, b: '/shop/cart', same: true },
    { a: CART, b: 'cart', same: false },
    { a: CART, b: CART.replace('123456789012', '999999999999'), same: false },
  ])('$a and $b are the same role: $same', ({ a, b, same }) => {
    expect(isSameRole(a, b)).toBe(same);
  });
});
