import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createConnectedAgents } from '../../src/feed/connected-agents.ts';
import { createStartupTaints } from '../../src/composition/startup-taints.ts';
import { recordingLog } from '../kubernetes/setup.ts';

const KEY = 'rolegate.dev/agent-not-ready';
const ALL = { nat: true, filter: true, route: true, input: true };
const report = (interception: object | undefined) =>
  ({ version: '1', heldSessions: [], interception }) as unknown as Parameters<
    ReturnType<typeof createConnectedAgents>['joined']
  >[1];

/** The service with agents and an API server that the test controls. */
function setup() {
  const clock = createFakeClock();
  const agents = createConnectedAgents({ clock });
  const { log, lines } = recordingLog();
  const api = { asked: [] as string[], fault: undefined as Error | undefined, tainted: new Set<string>() };
  const service = createStartupTaints({
    agents,
    keys: [KEY],
    taints: {
      remove(node) {
        api.asked.push(node);
        if (api.fault !== undefined) return Promise.reject(api.fault);
        return Promise.resolve(api.tainted.delete(node) ? [KEY] : []);
      },
    },
    clock,
    log,
    random: () => 0.5,
  });
  const stop = new AbortController();
  const ended = service.run(stop.signal);
  return { clock, agents, lines, api, stop, ended };
}

describe('Startup taint', () => {
  it('A startup taint is removed within a second once the agent reports every layer as installed', async () => {
    const { clock, agents, api, lines } = setup();
    api.tainted.add('node-a');
    agents.joined('node-a', report(ALL));
    await clock.advance(1_000);
    expect(api.tainted.size).toBe(0);
    expect(lines).toEqual([
      { level: 'info', message: 'startup taint removed', fields: { node: 'node-a', taint: KEY } },
    ]);
    await clock.advance(600_000);
    expect(api.asked).toEqual(['node-a']);
  });

  it.each([
    { what: 'the agent has not said how it stands', interception: undefined },
    ...Object.keys(ALL).map((layer) => ({
      what: `${layer} is not laid`,
      interception: { ...ALL, [layer]: false },
    })),
    { what: 'a layer was not looked at', interception: { nat: true, filter: true, route: true } },
  ])('A startup taint is kept while $what', async ({ interception }) => {
    const { clock, agents, api } = setup();
    agents.joined('node-a', report(interception));
    await clock.advance(60_000);
    expect(api.asked).toEqual([]);
    agents.reported('node-a', report(ALL));
    await clock.advance(1_000);
    expect(api.asked).toEqual(['node-a']);
  });

  it('A startup taint is looked for again after the agent reconnects, because the node may have restarted', async () => {
    const { clock, agents, api } = setup();
    const leave = agents.joined('node-a', report(ALL));
    await clock.advance(1_000);
    leave();
    await clock.advance(100);
    agents.joined('node-a', report(ALL));
    await clock.advance(1_000);
    expect(api.asked).toEqual(['node-a', 'node-a']);
  });

  it('Removing a startup taint is retried with growing pauses, and its failure logged once for all nodes', async () => {
    const { clock, agents, api, lines } = setup();
    api.fault = new Error('patch nodes: 403');
    for (const node of ['node-a', 'node-b']) agents.joined(node, report(ALL));
    await clock.advance(600_000);
    expect(api.asked.length).toBeGreaterThan(20);
    expect(api.asked.length).toBeLessThan(60);
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'cannot remove startup taint',
        fields: {
          node: 'node-a',
          error: expect.stringContaining('patch nodes: 403') as unknown,
          hint: expect.stringContaining('allows get and patch on nodes') as unknown,
        },
      },
    ]);
    api.fault = undefined;
    api.tainted = new Set(['node-a', 'node-b']);
    await clock.advance(61_000);
    expect(api.tainted.size).toBe(0);
  });

  it('The startup taint of a node whose agent has disconnected is kept', async () => {
    const { clock, agents, api } = setup();
    api.fault = new Error('away');
    const leave = agents.joined('node-a', report(ALL));
    await clock.advance(1_000);
    const { length } = api.asked;
    leave();
    await clock.advance(600_000);
    expect(api.asked).toHaveLength(length);
  });

  it('Startup taints are no longer looked for after a stop', async () => {
    const { agents, api, stop, ended, clock } = setup();
    stop.abort();
    await ended;
    agents.joined('node-a', report(ALL));
    await clock.advance(60_000);
    expect(api.asked).toEqual([]);
  });
});
