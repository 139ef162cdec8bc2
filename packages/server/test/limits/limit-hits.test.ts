import { expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createReportLimitHits } from '../../src/limits/limit-hits.ts';
import { recordingLog } from '../kubernetes/setup.ts';

function setup() {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const counted: string[] = [];
  const hit = createReportLimitHits({ clock, log, counted: (limit) => counted.push(limit) });
  return { clock, lines, counted, hit };
}

it('Every limit that an agent reaches is counted, and audited once a minute per node and field, with a hint', async () => {
  const { clock, lines, counted, hit } = setup();
  const peer = '198.18.0.9:1';
  for (let at = 0; at < 1_000; at += 1)
    hit('report_fields', { node: 'a', peer, field: 'version', values: 1 });
  hit('report_fields', { node: 'a', peer, field: 'usedSessionIds', values: 3 });
  hit('report_fields', { node: 'b', peer, field: 'version', values: 1 });
  expect(counted).toHaveLength(1_002);
  const said = { level: 'warn', message: 'limit reached' };
  const fields = { audit: true, limit: 'report_fields', peer, hint: expect.any(String) as unknown };
  expect(lines).toEqual([
    { ...said, fields: { ...fields, node: 'a', field: 'version', values: 1 } },
    { ...said, fields: { ...fields, node: 'a', field: 'usedSessionIds', values: 3 } },
    { ...said, fields: { ...fields, node: 'b', field: 'version', values: 1 } },
  ]);
  await clock.advance(60_000);
  expect(lines[3]).toMatchObject({ message: 'limit reached repeatedly', fields: { node: 'a', count: 999 } });
  expect(lines).toHaveLength(4);
});

it('A limit that a peer without a known node reaches is audited by its address, whatever the port', () => {
  const { lines, hit } = setup();
  for (let port = 0; port < 100; port += 1)
    hit('node_streams', { node: undefined, peer: `198.18.0.9:${port}` });
  expect(lines).toHaveLength(1);
});
