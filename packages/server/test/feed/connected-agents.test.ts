import { expect, it } from 'vitest';
import type { InterceptionRead } from '@rolegate/protocol';
import { createFakeClock } from '@rolegate/testing';
import { createConnectedAgents } from '../../src/feed/connected-agents.ts';
import type { Report } from '../../src/feed/reports/reception.ts';

const LAID: InterceptionRead = { nat: true, filter: true, route: true, input: true };

function setup() {
  const clock = createFakeClock();
  const agents = createConnectedAgents({ clock });
  const join = (node: string, report: Partial<Report> = {}) =>
    agents.joined(node, { version: '1', interception: undefined, ...report });
  return { clock, agents, join };
}

it('An agent is connected from its first stream to the end of its last', async () => {
  const { clock, agents, join } = setup();
  const leaveFirst = join('node-b');
  join('node-a');
  await clock.advance(1_000);
  const leaveSecond = join('node-b', { version: '2' });
  expect(agents.all().map(({ node }) => node)).toEqual(['node-a', 'node-b']);
  leaveFirst();
  expect(agents.get('node-b')).toMatchObject({ version: '2', sinceMs: 0 });
  leaveSecond();
  expect(agents.get('node-b')).toBeUndefined();
});

it('An agent is listed with the interception it reported last, and forgotten when its last stream ends', () => {
  const { agents, join } = setup();
  const leave = join('node-a');
  expect(agents.get('node-a')?.interception).toBeUndefined();
  agents.reported('node-a', { interception: LAID });
  agents.reported('node-a', { interception: undefined });
  expect(agents.get('node-a')?.interception).toEqual(LAID);
  leave();
  agents.reported('node-a', { interception: LAID });
  expect(agents.all()).toEqual([]);
});
