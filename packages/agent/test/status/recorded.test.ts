import { VERSION } from '@rolegate/runtime';
import { recorded } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { unknownState } from '../../src/interception/state.ts';
import type { NodeReadings } from '../../src/status/readings.ts';
import { IP } from '../addresses/callers-setup.ts';
import { setup } from './status-setup.ts';

const LAYERS = { nat: true, filter: true, route: true, input: true, ports: true };

type Reconcile = NonNullable<NodeReadings['reconcile']>;

/** What `reconcile` reports of a node. */
function node(
  more: { layers?: object; listeners?: ReturnType<Reconcile['foreignListeners']> } = {},
): Reconcile {
  const state = { ...unknownState, layers: { ...LAYERS, ...more.layers } };
  return {
    connected: () => true,
    interception: { current: () => state, lastKnown: () => state },
    imdsv1Open: () => false,
    foreignListeners: () => more.listeners ?? [],
  };
}

type Agent = ReturnType<typeof setup>;

/** The server has described the Pod, and the runtime has given it its address. */
function place(t: Agent, decision?: Parameters<Agent['tell']>[0]['decision']) {
  t.tell({ name: 'checkout', ...(decision && { decision }) });
  t.results.give({ uid: 'uid-1', name: 'checkout' });
}

function loseFeed(t: Agent) {
  t.feed.lostSinceMs = t.clock.monotonic();
  const lastFault = { message: '14 UNAVAILABLE: connect ECONNREFUSED', atMs: t.clock.monotonic() };
  t.standing.now = { server: 'rolegate-server:9610', sinceMs: t.clock.monotonic(), lastFault };
}

describe('The recorded answers of the agent, which tests of kubectl rolegate read', () => {
  it.each<{ readonly name: string; readonly reconcile?: Reconcile; readonly make: (t: Agent) => void }>([
    {
      name: 'served',
      make: (t) => {
        place(t);
        t.hold();
      },
    },
    {
      name: 'denied',
      make: (t) => {
        place(t, {
          kind: 'deny',
          reason: 'NamespaceDenied',
          message:
            'Namespace shop does not permit arn:aws:iam::123456789012:role/checkout: it has neither iam.amazonaws.com/permitted nor iam.amazonaws.com/allowed-roles',
          roleName: 'checkout',
        });
      },
    },
    {
      name: 'refused-by-sts',
      make: (t) => {
        place(t);
        t.fail('StsAccessDenied');
      },
    },
    {
      name: 'waiting-for-sts',
      make: (t) => {
        place(t);
        t.fail('StsThrottled');
      },
    },
    { name: 'unknown-pod', make: () => undefined },
    {
      name: 'waiting-for-base-arn',
      make: (t) => {
        place(t, { kind: 'pending', waitsFor: 'role base ARN' });
      },
    },
    {
      name: 'host-network',
      make: (t) => {
        const message = 'Pod shop/checkout uses the host network';
        const decision = { kind: 'deny', reason: 'HostNetwork', message } as const;
        t.tell({ name: 'checkout', hostNetwork: true, ips: ['192.0.2.10'], decision });
      },
    },
    {
      name: 'unreachable-server-new-pod',
      make: (t) => {
        t.results.give({ uid: 'uid-1', name: 'checkout' });
        loseFeed(t);
      },
    },
    {
      name: 'unreachable-server-running-pod',
      make: (t) => {
        place(t);
        t.hold();
        loseFeed(t);
      },
    },
    {
      name: 'flushed-nat',
      reconcile: node({ layers: { nat: false } }),
      make: (t) => {
        place(t);
        t.hold();
      },
    },
    {
      name: 'foreign-listener',
      reconcile: node({ listeners: [{ address: '192.0.2.10', port: 8181, uid: 1_000 }] }),
      make: (t) => {
        place(t);
        t.hold();
      },
    },
    {
      name: 'without-cni-results',
      make: (t) => {
        t.results.lose();
        t.tell({ name: 'checkout', ips: [IP] });
        t.hold();
      },
    },
  ])(
    'The answers of an agent in the state "$name" are the recorded ones',
    async ({ name, reconcile = node(), make }) => {
      const t = setup({ reconcile });
      t.table.beginSnapshot();
      t.table.endSnapshot('1');
      make(t);
      await t.clock.advance(90_000);
      const answers = { explanation: t.ask('pod=shop/checkout').value, status: t.ask('').value };
      const { now, before } = await recorded(`agent/${name}`, answers, VERSION);
      expect(now).toEqual(before);
    },
  );
});
