import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createLimitHits, limitNames } from '../../src/pod-http/limit-hits.ts';
import type { LimitName } from '../../src/pod-http/limit-hits.ts';

const POD = { group: 'team-a', name: 'uid-1' };

function setup() {
  const clock = createFakeClock();
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const counted: LimitName[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields: fields as Record<string, unknown> });
    };
  const hits = createLimitHits({
    clock,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    counted: (limit) => counted.push(limit),
  });
  return { clock, lines, counted, hits };
}

describe('Limit hits', () => {
  it.each(limitNames)('The limit %s is logged with what was refused and what to do', (limit) => {
    const { lines, hits } = setup();
    hits.hit(limit, POD, '10.0.0.7');
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'limit reached',
        fields: { limit, ip: '10.0.0.7', namespace: 'team-a', uid: 'uid-1' },
      },
    ]);
    expect(lines[0]?.fields['refused']).toMatch(/^(an?|one of|requests|the) /);
    expect(lines[0]?.fields['hint']).toMatch(/^\w+ /);
  });

  it('Repeated hits of a limit are all counted, and are logged once and then with their number', async () => {
    const { clock, lines, counted, hits } = setup();
    for (let times = 0; times < 1_000; times += 1) hits.hit('connections_per_pod', POD, '10.0.0.7');
    expect(lines).toHaveLength(1);
    expect(counted).toHaveLength(1_000);
    expect(hits.counts()).toEqual({ connections_per_pod: 1_000 });
    await clock.advance(10_000);
    expect(lines.slice(1)).toMatchObject([
      {
        message: 'limit reached repeatedly',
        fields: { limit: 'connections_per_pod', uid: 'uid-1', count: 999 },
      },
    ]);
  });

  it('A limit is logged for a Pod even if thousands of made-up addresses reach limits too', () => {
    const { lines, hits } = setup();
    for (let at = 0; at < 5_000; at += 1) {
      const ip = `10.${at % 250}.${Math.floor(at / 250)}.1`;
      hits.hit('connections_unknown', { group: '', name: ip }, ip);
    }
    expect(lines.length).toBeLessThan(50);
    hits.hit('connections_per_pod', POD, '10.0.0.7');
    expect(lines.at(-1)?.fields).toMatchObject({ limit: 'connections_per_pod', uid: 'uid-1' });
  });

  it('A limit is logged for a Pod even if hundreds of Pods of another Namespace reach limits too', async () => {
    const { clock, lines, hits } = setup();
    for (let at = 0; at < 500; at += 1)
      for (const limit of limitNames) hits.hit(limit, { group: 'storm', name: `uid-${at}` }, '10.0.0.8');
    expect(lines.length).toBeLessThan(100);
    hits.hit('connections_per_pod', POD, '10.0.0.7');
    expect(lines.at(-1)?.fields).toMatchObject({ namespace: 'team-a', uid: 'uid-1' });
    await clock.advance(10_000);
    expect(lines.at(-1)?.fields).toEqual({ namespace: 'storm', count: expect.any(Number) });
  });

  it('A limit reached by an address that no Pod owns is logged without a Namespace', () => {
    const { lines, hits } = setup();
    hits.hit('connections_unknown', { group: '', name: '10.0.0.9' }, '10.0.0.9');
    expect(lines[0]?.fields).not.toHaveProperty('namespace');
  });

  it.each(['ops', 'probe'] as const)(
    'Limits of the %s port are counted separately for connections and requests',
    (port) => {
      const { counted, hits } = setup();
      hits.pageHit(port)('connections_per_client', '10.0.0.9');
      hits.pageHit(port)('head_bytes', '10.0.0.9');
      expect(counted).toEqual([`${port}_connections`, `${port}_requests`]);
    },
  );
});
