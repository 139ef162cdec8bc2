import { describe, expect, it } from 'vitest';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';
import { recordingLog } from '../kubernetes/setup.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': 'app' };

function setup() {
  const cluster = createClusterStandIn();
  const concerned: string[][] = [];
  cluster.decisions.onChange((pods) => concerned.push([...pods].map(({ name }) => name)));
  return { ...cluster, concerned };
}

describe('Decision versions', () => {
  it('A decision has the versions of the Pod, its Namespace and its ServiceAccount', () => {
    const { decisions, setPod, setNamespace, setServiceAccount } = setup();
    setNamespace('shop', PERMIT);
    setServiceAccount('shop', 'default');
    const pod = setPod('a', { annotations: ROLE });
    expect(decisions.decide(pod).versions).toEqual({ namespace: '101', serviceAccount: '102', pod: '103' });
  });

  it('For a missing object, a decision has the version that its watch has reached', () => {
    const { decisions, setPod, setNamespace, setServiceAccount } = setup();
    setNamespace('other');
    setServiceAccount('other', 'default');
    const { namespace, serviceAccount } = decisions.decide(setPod('a', { annotations: ROLE })).versions;
    expect([namespace, serviceAccount]).toEqual(['101', '102']);
  });
});

describe('Change', () => {
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
  ])('A change of $of affects the Pods $concerns', ({ change, concerns }) => {
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

describe('Failed decision', () => {
  it('Failed decisions are logged at most five times per Namespace, and do not affect another Pod', () => {
    const { log, lines } = recordingLog();
    const { decisions, setPod } = createClusterStandIn({ log });
    const told: string[] = [];
    decisions.onChange((pods) => {
      for (const { name, namespace } of pods) {
        if (namespace !== 'good') throw new Error('no');
        told.push(name);
      }
    });
    for (let n = 0; n < 100; n++) setPod(`storm-${n}`, { namespace: 'storm' });
    setPod('bad', { namespace: 'shop' });
    setPod('good', { namespace: 'good' });
    expect(told).toEqual(['good']);
    expect(lines.map(({ fields }) => fields['namespace'])).toEqual([
      ...Array<string>(5).fill('storm'),
      'shop',
    ]);
  });
});

describe('Missing object', () => {
  it('A missing object is waited for again if a new Pod needs it after the last one was deleted', async () => {
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

describe('Object in doubt', () => {
  const decided = () => {
    const world = setup();
    world.setNamespace('shop', PERMIT);
    world.setServiceAccount('shop', 'default');
    const pod = world.setPod('a', { annotations: ROLE });
    world.setPod('b', { annotations: ROLE, serviceAccount: 'special' });
    world.setServiceAccount('shop', 'special');
    const kind = () => world.decisions.decide(pod).verdict.decision.kind;
    expect(kind()).toBe('allow');
    world.concerned.length = 0;
    return { ...world, pod, kind };
  };
  type World = ReturnType<typeof decided>;

  it.each([
    {
      of: 'the Pod',
      doubt: ({ podStore, pod }: World) => {
        podStore.doubt(pod.uid);
      },
      end: ({ podStore, pod }: World) => {
        podStore.set({ ...pod, resourceVersion: '900' });
      },
      concerns: ['a'],
    },
    {
      of: 'its Namespace',
      doubt: ({ namespaces }: World) => {
        namespaces.doubt('shop');
      },
      end: ({ setNamespace }: World) => {
        setNamespace('shop', PERMIT);
      },
      concerns: ['a', 'b'],
    },
    {
      of: 'its ServiceAccount',
      doubt: ({ serviceAccounts }: World) => {
        serviceAccounts.doubt('shop/default');
      },
      end: ({ setServiceAccount }: World) => {
        setServiceAccount('shop', 'default');
      },
      concerns: ['a'],
    },
  ])('A decision is pending while $of is in doubt', ({ doubt, end, concerns }) => {
    const world = decided();
    doubt(world);
    expect(world.concerned.flat()).toEqual(concerns);
    expect(world.kind()).toBe('pending');
    end(world);
    expect(world.kind()).toBe('allow');
    expect(new Set(world.concerned.flat())).toEqual(new Set(concerns));
  });

  it('A doubt about all Namespaces affects their Pods once it is announced, and again when a list ends it', () => {
    const { namespaces, concerned, kind } = decided();
    namespaces.doubt(undefined);
    expect(concerned.flat()).toEqual([]);
    expect(kind()).toBe('pending');
    namespaces.announceDoubt();
    expect(concerned.flat()).toEqual(['a', 'b']);
    concerned.length = 0;
    namespaces.replaceAll(namespaces.values(), '999', 0);
    expect([concerned.flat(), kind()]).toEqual([['a', 'b'], 'allow']);
  });

  it('A denial stays a denial while its Namespace is in doubt', () => {
    const { namespaces, setNamespace, kind } = decided();
    setNamespace('shop', { 'iam.amazonaws.com/permitted': 'other' });
    namespaces.doubt('shop');
    expect(kind()).toBe('deny');
  });
});

describe('Annotation over its limit', () => {
  const TOO_LONG = { tooLongBytes: 300_000, limitBytes: 4096 };

  it.each([
    { key: 'iam.amazonaws.com/permitted', on: 'Namespace', reason: 'BadNamespaceRule' },
    { key: 'iam.amazonaws.com/allowed-roles', on: 'Namespace', reason: 'BadNamespaceRule' },
    { key: 'rolegate.dev/metadata', on: 'Namespace', reason: 'MetadataDenied' },
    { key: 'iam.amazonaws.com/role', on: 'Pod', reason: 'BadAnnotation' },
    { key: 'iam.amazonaws.com/external-id', on: 'Pod', reason: 'BadAnnotation' },
    { key: 'rolegate.dev/session-tags', on: 'Pod', reason: 'BadAnnotation' },
    { key: 'rolegate.dev/metadata', on: 'Pod', reason: 'MetadataDenied' },
  ])('A Pod is denied with $reason if $key of the $on is too long to be kept', ({ key, on, reason }) => {
    const { decisions, setPod, namespaces, setServiceAccount } = setup();
    const more = { [key]: TOO_LONG };
    const ofNamespace = on === 'Namespace' ? { ...PERMIT, ...more } : PERMIT;
    namespaces.set({ uid: 'n', name: 'shop', resourceVersion: '1', annotations: ofNamespace });
    setServiceAccount('shop', 'default');
    const pod = setPod('a', { annotations: on === 'Pod' ? { ...ROLE, ...more } : ROLE });
    expect(decisions.decide(pod).verdict.decision).toMatchObject({ kind: 'deny', reason });
  });
});
