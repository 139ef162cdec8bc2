import { describe, expect, it } from '@jest/globals';
import { createClusterStandIn } from './feed/cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app' };

function setup() {
  const cluster = createClusterStandIn();
  const concerned: string[][] = [];
  cluster.decisions.onChange((pods) => concerned.push([...pods].map(({ name }) => name)));
  return { ...cluster, concerned };
}

describe('what a decision rests on', () => {
  it('is told by the versions of the Pod, its Namespace and its ServiceAccount', () => {
    const { decisions, setPod, setNamespace, setServiceAccount } = setup();
    setNamespace('shop', PERMIT);
    setServiceAccount('shop', 'default');
    const pod = setPod('a', { annotations: ROLE });
    expect(decisions.decide(pod).versions).toEqual({ namespace: '101', serviceAccount: '102', pod: '103' });
  });

  it('is, of what is not there, how far its watch has come', () => {
    const { decisions, setPod, setNamespace, setServiceAccount } = setup();
    setNamespace('other');
    setServiceAccount('other', 'default');
    const { namespace, serviceAccount } = decisions.decide(setPod('a', { annotations: ROLE })).versions;
    expect([namespace, serviceAccount]).toEqual(['101', '102']);
  });
});

describe('a change', () => {
  it.each([
    {
      of: 'a Pod',
      change: ({ setPod }: ReturnType<typeof setup>) => {
        setPod('a', { annotations: ROLE });
      },
      concerns: ['a'],
    },
    {
      of: 'a Pod in nothing but its labels',
      change: ({ setPod }: ReturnType<typeof setup>) => {
        setPod('a');
      },
      concerns: [],
    },
    {
      of: 'a Namespace',
      change: ({ setNamespace }: ReturnType<typeof setup>) => {
        setNamespace('shop', PERMIT);
      },
      concerns: ['a', 'b'],
    },
    {
      of: 'a Namespace in nothing but foreign annotations',
      change: ({ setNamespace }: ReturnType<typeof setup>) => {
        setNamespace('shop', { 'example.com/owner': 'me', 'iam.amazonaws.com/unknown': 'x' });
      },
      concerns: [],
    },
    {
      of: 'a ServiceAccount',
      change: ({ setServiceAccount }: ReturnType<typeof setup>) => {
        setServiceAccount('shop', 'special', ROLE);
      },
      concerns: ['b'],
    },
    {
      of: 'a ServiceAccount in nothing but an annotation of Namespaces',
      change: ({ setServiceAccount }: ReturnType<typeof setup>) => {
        setServiceAccount('shop', 'special', PERMIT);
      },
      concerns: [],
    },
    {
      of: 'another Namespace',
      change: ({ setNamespace }: ReturnType<typeof setup>) => {
        setNamespace('other');
      },
      concerns: [],
    },
  ])('of $of concerns the Pods $concerns', ({ change, concerns }) => {
    const world = setup();
    world.setNamespace('shop');
    world.setServiceAccount('shop', 'special');
    world.setPod('a');
    world.setPod('b', { serviceAccount: 'special' });
    world.concerned.length = 0;
    change(world);
    expect(world.concerned.flat()).toEqual(concerns);
  });
});

describe('what is missing', () => {
  it('is waited for again by a Pod that comes after the last one has gone', async () => {
    const { decisions, clock, setPod, removePod } = setup();
    const kindOf = (name: string) =>
      decisions.decide(setPod(name, { annotations: ROLE })).verdict.decision.kind;
    expect(kindOf('first')).toBe('pending');
    removePod('first');
    await clock.advance(60_000);
    expect(kindOf('second')).toBe('pending');
    await clock.advance(10_000);
    expect(kindOf('second')).toBe('deny');
  });
});
