import { afterEach, describe, expect, it } from 'vitest';
import { createIssuerKey, createFakeClock } from '@rolegate/testing';
import type { TestIssuerKey } from '@rolegate/testing';
import { createIssuerKeys } from '../../src/issuer-keys/issuer-keys.ts';
import type { OwnToken } from '../../src/issuer-keys/own-token.ts';
import { recordingLog } from '../kubernetes/setup.ts';

const [FIRST, SECOND] = [createIssuerKey(), createIssuerKey()];
const ISSUER = 'https://kubernetes.example';
const MINUTE_MS = 60_000;

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

interface SetupOptions {
  readonly audience?: string;
  readonly issuers?: readonly string[];
  readonly own?: OwnToken;
  readonly needed?: boolean;
}

async function setup({ audience = 'rolegate', issuers = [], own, needed = true }: SetupOptions = {}) {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const api = {
    keys: [FIRST] as TestIssuerKey[],
    issuer: ISSUER,
    error: undefined as string | undefined,
    reads: 0,
  };
  const outcomes: string[] = [];
  const need = { any: needed, wake: (): void => undefined };
  const keys = createIssuerKeys({
    read() {
      api.reads += 1;
      if (api.error !== undefined) return Promise.reject(new Error(api.error));
      const listed = new Map(api.keys.map(({ id, publicKey }) => [id, { id, publicKey }]));
      return Promise.resolve({ keys: listed, skipped: 0, issuer: api.issuer });
    },
    ownToken: () => own,
    settings: { audience, issuers },
    needed: {
      any: () => need.any,
      onAny(listener) {
        need.wake = listener;
        return () => undefined;
      },
    },
    clock,
    log,
    metrics: { issuerKeysRead: (outcome) => outcomes.push(outcome) },
  });
  let changes = 0;
  keys.onChange(() => {
    changes += 1;
  });
  const stop = new AbortController();
  stops.push(stop);
  void keys.run(stop.signal);
  await clock.advance(0);
  return {
    clock,
    lines,
    api,
    outcomes,
    keys,
    changes: () => changes,
    ids: () => keys.current()?.keys.map(({ id }) => id),
    need: async (any: boolean) => {
      need.any = any;
      need.wake();
      await clock.advance(0);
    },
  };
}

const sorted = (...keys: TestIssuerKey[]) => keys.map(({ id }) => id).sort();

describe('The keys of ServiceAccount tokens', () => {
  it('The keys and all accepted issuers are known after the first read', async () => {
    const own = { issuer: 'https://second.example', audiences: [] };
    const { keys, ids, outcomes } = await setup({ own, issuers: ['https://third.example'] });
    expect(ids()).toEqual([FIRST.id]);
    expect(keys.current()?.issuers).toEqual([ISSUER, 'https://second.example', 'https://third.example']);
    expect(outcomes).toEqual(['ok']);
  });

  it('The keys are read every five minutes, and listeners are called only if something has changed', async () => {
    const { clock, api, changes, ids } = await setup();
    await clock.advance(5 * MINUTE_MS);
    expect(api.reads).toBe(2);
    expect(changes()).toBe(1);
    api.keys = [SECOND, FIRST];
    await clock.advance(5 * MINUTE_MS);
    expect(changes()).toBe(2);
    expect(ids()).toEqual(sorted(FIRST, SECOND));
    api.keys.reverse();
    await clock.advance(5 * MINUTE_MS);
    expect(changes()).toBe(2);
  });

  it('A key and an issuer that have left the documents stay valid for five minutes', async () => {
    const { clock, api, keys, ids } = await setup();
    api.keys = [SECOND];
    api.issuer = 'https://new.example';
    await clock.advance(5 * MINUTE_MS);
    expect(ids()).toEqual(sorted(FIRST, SECOND));
    expect(keys.current()?.issuers).toEqual([ISSUER, 'https://new.example']);
    await clock.advance(5 * MINUTE_MS);
    expect(ids()).toEqual([SECOND.id]);
    expect(keys.current()?.issuers).toEqual(['https://new.example']);
  });

  it('A key that is listed again does not leave', async () => {
    const { clock, api, ids } = await setup();
    api.keys = [SECOND];
    await clock.advance(5 * MINUTE_MS);
    api.keys = [FIRST];
    await clock.advance(5 * MINUTE_MS);
    expect(ids()).toEqual(sorted(FIRST, SECOND));
  });

  it('If the documents cannot be read, the keys stay, and one warning says how to grant the right', async () => {
    const { clock, api, lines, outcomes, ids, keys } = await setup();
    api.error = 'get /openid/v1/jwks: 403 no';
    await clock.advance(10 * MINUTE_MS);
    expect(ids()).toEqual([FIRST.id]);
    const warnings = lines.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      {
        level: 'warn',
        message: 'cannot read issuer keys',
        fields: {
          error: 'get /openid/v1/jwks: 403 no',
          hint: expect.stringContaining('containerCredentials.enabled') as string,
        },
      },
    ]);
    expect(outcomes.slice(0, 3)).toEqual(['ok', 'failed', 'failed']);
    expect(keys.status()).toMatchObject({ keys: 1, error: 'get /openid/v1/jwks: 403 no', ageMs: 600_000 });
    api.error = undefined;
    await clock.advance(MINUTE_MS);
    expect(keys.status().error).toBeUndefined();
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'issuer keys read' });
  });

  it('Unknown keys cause one read in ten seconds, however many ask', async () => {
    const { clock, api, keys, ids } = await setup();
    api.keys = [SECOND];
    await keys.refresh();
    expect(api.reads).toBe(1);
    await clock.advance(10_000);
    await Promise.all([keys.refresh(), keys.refresh(), keys.refresh()]);
    await keys.refresh();
    expect(api.reads).toBe(2);
    expect(ids()).toContain(SECOND.id);
  });

  it('Nothing is read while no agent needs keys, and old keys are forgotten', async () => {
    const { clock, api, keys, need } = await setup({ needed: false });
    await clock.advance(10 * MINUTE_MS);
    expect(api.reads).toBe(0);
    await need(true);
    expect(keys.current()).toBeDefined();
    await need(false);
    expect(keys.current()).toBeUndefined();
    expect(keys.status().ageMs).toBeUndefined();
    await need(true);
    expect(api.reads).toBe(2);
    expect(keys.current()).toBeDefined();
  });

  it.each([
    { of: 'the discovered issuer', options: { audience: ISSUER } },
    {
      of: "the issuer of the server's own token",
      options: { audience: 'https://own.example', own: { issuer: 'https://own.example', audiences: [] } },
    },
    {
      of: "an audience of the server's own token",
      options: { audience: 'api', own: { issuer: 'https://own.example', audiences: ['api'] } },
    },
  ])('An audience that is $of is refused: agents get no keys', async ({ options }) => {
    const { keys, lines } = await setup(options);
    expect(keys.current()).toEqual({ issuers: [], keys: [] });
    expect(keys.audienceFault()).toContain('the API server');
    expect(keys.status().error).toContain('the API server');
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'audience of container credentials refused' }),
    );
  });
});
