import { expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createLimitHits } from '../../src/kubernetes/limit-hits.ts';
import { recordingLog } from './setup.ts';

it('Every limit that an object reaches is counted, and logged once a minute per Namespace with the keys and a hint', async () => {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const counted: string[] = [];
  const hit = createLimitHits({ clock, log, counted: (limit) => counted.push(limit) });
  const keys = ['iam.amazonaws.com/role'];
  for (const namespace of ['a', 'a', 'a', 'b'])
    hit('annotation_bytes', { kind: 'Pod', namespace, name: 'p', keys });
  expect(counted).toHaveLength(4);
  expect(lines.map(({ level, fields }) => [level, fields['namespace']])).toEqual([
    ['warn', 'a'],
    ['warn', 'b'],
  ]);
  expect(lines[0]?.fields).toMatchObject({ limit: 'annotation_bytes', keys, hint: expect.any(String) });
  await clock.advance(60_000);
  expect(lines[2]).toMatchObject({
    message: 'limit reached repeatedly',
    fields: { namespace: 'a', count: 2 },
  });
});

it('A limit that a Namespace reaches is logged even if a thousand other Namespaces reach theirs', () => {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const hit = createLimitHits({ clock, log, counted: () => undefined });
  for (let n = 0; n < 1_000; n += 1)
    for (const limit of ['annotation_bytes', 'text_bytes'] as const)
      hit(limit, { kind: 'Pod', namespace: `storm-${n}` });
  hit('annotation_bytes', { kind: 'Pod', namespace: 'shop' });
  expect(lines.at(-1)?.fields).toMatchObject({ namespace: 'shop' });
});
