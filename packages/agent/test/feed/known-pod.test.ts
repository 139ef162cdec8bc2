import { describe, expect, it } from 'vitest';
import type { FeedUpdateRead, PodStateRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { applyUpdate, knownPod } from '../../src/feed/apply-update.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';

const STATE: PodStateRead = {
  uid: 'u',
  namespace: 'shop',
  name: 'a',
  serviceAccount: 'default',
  runtimeUid: '',
  ips: ['198.18.0.1'],
  hostNetwork: false,
  ended: false,
  terminating: false,
  metadata: null,
  resourceVersions: null,
  inputs: null,
};

describe('Known Pod', () => {
  it.each([
    { field: 'hostNetwork', value: true },
    { field: 'ended', value: true },
    { field: 'terminating', value: true },
    { field: 'runtimeUid', value: 'hash' },
    { field: 'serviceAccount', value: 'special' },
    { field: 'ips', value: ['198.18.0.1', '2001:db8::1'] },
  ])('A known Pod has the $field that the feed says', ({ field, value }) => {
    expect(knownPod({ ...STATE, [field]: value })).toHaveProperty(field, value);
  });
});

describe('Withdrawn sessions', () => {
  it('A session that no decision names is removed as soon as the server withdraws it', () => {
    const clock = createFakeClock();
    const table = createPodTable({ clock, log: silentLog });
    const apply = (update: object) => {
      const deps = { table, clock, buildDocument: () => '', setTokenKeys: () => undefined };
      applyUpdate({ ...update, update: Object.keys(update)[0] } as FeedUpdateRead, deps);
    };
    table.beginSnapshot();
    apply({ session: { sessionId: 's', credentials: null, failure: null } });
    expect(table.session('s')).toBeDefined();
    apply({ sessionRemoved: { sessionId: 's' } });
    expect(table.session('s')).toBeUndefined();
  });
});
