import { describe, expect, it } from 'vitest';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createCallers } from '../src/addresses/callers.ts';
import { applyUpdate } from '../src/feed/apply-update.ts';
import { createPodTable } from '../src/feed/table/pod-table.ts';
import { credentialsDocument } from '../src/imds-documents/credentials-document.ts';

const MINUTE_MS = 60_000;
const IP = '198.18.0.1';

/** An agent's table with one permitted Pod, whose hour-long credentials are as old as they get before renewal. */
function setup({ cni = true } = {}) {
  const clock = createFakeClock();
  const table = createPodTable({ clock, log: silentLog });
  const apply = (update: object) => {
    const deps = { table, clock, buildDocument: credentialsDocument, setTokenKeys: () => undefined };
    applyUpdate({ ...update, update: Object.keys(update)[0] } as FeedUpdateRead, deps);
  };
  table.beginSnapshot();
  apply({
    pod: {
      uid: 'u',
      namespace: 'shop',
      name: 'a',
      serviceAccount: 'default',
      runtimeUid: '',
      ips: [IP],
      metadata: null,
      resourceVersions: { pod: '1', namespace: '1', serviceAccount: '1' },
      allow: {
        sessionId: 's',
        roleArn: 'arn:aws:iam::123456789012:role/app',
        roleName: 'app',
        sessionName: 'shop.default',
      },
    },
  });
  const oldest = 0.52 * 60 * MINUTE_MS;
  apply({
    session: {
      sessionId: 's',
      failure: null,
      credentials: {
        accessKeyId: 'ASIA1',
        secretAccessKey: 's',
        sessionToken: 't',
        accountId: '123456789012',
        fingerprint: 'f',
        remainingMs: oldest,
        lifetimeMs: 60 * MINUTE_MS,
      },
    },
  });
  apply({ synced: { podsResourceVersion: '1' } });
  const owner = { uid: 'u', namespace: 'shop', name: 'a', since: 0 };
  const lostSinceMs = clock.monotonic();
  const callers = createCallers({
    table,
    cniResults: cni
      ? {
          owner: (ip) => (ip === IP ? owner : undefined),
          unreadableAt: () => undefined,
          says: () => 'own',
          usable: () => true,
          names: () => true,
          states: () => ({}),
          scanned: true,
          onChange: () => () => undefined,
        }
      : undefined,
    nodeIps: [],
    staleIpMs: 5 * MINUTE_MS,
    feedLostSinceMs: () => lostSinceMs,
    clock,
    log: silentLog,
    metrics: { ipSource: () => undefined },
  });
  const served = () => {
    const caller = callers.identify(IP);
    return caller.kind === 'pod' && table.session('s')?.credentials !== undefined;
  };
  return { clock, served };
}

describe('Agent with everything unavailable', () => {
  it('An agent whose servers, STS and API server are unavailable serves running Pods for at least 30 minutes', async () => {
    const { clock, served } = setup();
    await clock.advance(30 * MINUTE_MS);
    expect(served()).toBe(true);
  });

  it('An agent whose servers, STS and API server are unavailable never serves expired credentials', async () => {
    const { clock, served } = setup();
    await clock.advance(32 * MINUTE_MS);
    expect(served()).toBe(false);
  });

  it('An agent without CNI results serves for --stale-ip after the feed is lost, and no longer', async () => {
    const { clock, served } = setup({ cni: false });
    await clock.advance(5 * MINUTE_MS);
    expect(served()).toBe(true);
    await clock.advance(MINUTE_MS);
    expect(served()).toBe(false);
  });
});
