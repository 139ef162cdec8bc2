import { describe, expect, it } from '@jest/globals';
import { Refusal } from '@rolegate/protocol';
import type { ClientConnection } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createConnectionNodes } from '../../src/identity/connection-nodes.ts';
import { createForeignNodes } from '../../src/identity/foreign-nodes.ts';
import type { MemoryKind } from '../../src/memory.ts';
import { recordLog } from './authority-setup.ts';

describe('attempts at what is not theirs', () => {
  function setup() {
    const clock = createFakeClock();
    const { log, lines } = recordLog();
    const counted = { foreign: 0 };
    const metrics = { foreignNode: () => (counted.foreign += 1) };
    const memory = createMemory<MemoryKind>({ clock });
    const nodes = createForeignNodes({ clock, log, metrics, memory });
    return { clock, lines, counted, nodes, memory };
  }

  it('are all counted, and of a flood of one source some lines are written that tell of the rest', async () => {
    const { clock, lines, counted, nodes } = setup();
    for (let at = 0; at < 1_000; at += 1) nodes.refuse(`attempt ${at}`, { peer: `198.18.0.9:${at}` });
    expect([counted.foreign, lines.length]).toEqual([1_000, 50]);
    nodes.refuse('another', { peer: '198.18.0.10:1' });
    expect(lines).toHaveLength(51);
    await clock.advance(1_000);
    nodes.refuse('one more', { peer: '198.18.0.9:1' });
    expect(lines.at(-1)?.fields).toMatchObject({ error: 'one more', leftOut: 950 });
  });

  it('of many sources leave the count of another as it is, and are forgotten ten minutes later', async () => {
    const { clock, lines, nodes, memory } = setup();
    const flood = () => {
      for (let at = 0; at < 60; at += 1) nodes.refuse(`attempt ${at}`, { peer: '198.18.0.9:1' });
    };
    flood();
    for (let at = 0; at < 9_999; at += 1) nodes.refuse('one', { peer: `198.19.${at >> 8}.${at & 255}:1` });
    await clock.advance(1_000);
    nodes.refuse('one more', { peer: '198.18.0.9:1' });
    expect(lines.at(-1)?.fields).toMatchObject({ error: 'one more', leftOut: 10 });
    flood();
    await clock.advance(600_000);
    expect(memory.sizes()).toEqual({ audit_sources: 0 });
  });

  it('are told with the reason, the peer and what to do', () => {
    const { lines, nodes } = setup();
    const refusal = nodes.refuse('wrong', { peer: '198.18.0.9:1', node: 'node-a' });
    expect(refusal).toMatchObject({ reason: 'ForeignNode', message: 'wrong' });
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'agent refused',
        fields: {
          ...{ audit: true, reason: 'ForeignNode', peer: '198.18.0.9:1', node: 'node-a', error: 'wrong' },
          remedy: expect.stringContaining('treat the node as stolen') as unknown,
        },
      },
    ]);
  });

  it('are counted as such only where they are', () => {
    const { counted, lines, nodes } = setup();
    nodes.note(new Refusal('ServerUnavailable', 'away'), { peer: 'p:1' });
    nodes.remark('perhaps', { peer: 'p:1' });
    expect([counted.foreign, lines.map(({ level }) => level)]).toEqual([0, ['warn', 'warn']]);
  });
});

describe('a connection', () => {
  function setup() {
    const clock = createFakeClock();
    const refused: object[] = [];
    const connections = createConnectionNodes({ clock, unverified: (one) => refused.push(one) });
    const open = (more: Partial<ClientConnection> = {}) => {
      const state = { ended: false, close: () => undefined as unknown };
      connections.opened({
        ...{ peer: '198.18.0.9:1', unverified: undefined, verified: false },
        end: () => (state.ended = true),
        onClose: (call) => (state.close = call),
        ...more,
      });
      return state;
    };
    return { clock, connections, open, refused };
  }

  it('without a certificate has half a minute to attest', async () => {
    const { clock, open } = setup();
    const [nameless, agent] = [open(), open({ peer: 'p:2', verified: true })];
    await clock.advance(29_999);
    expect(nameless.ended).toBe(false);
    await clock.advance(1);
    expect([nameless.ended, agent.ended]).toEqual([true, false]);
  });

  it('belongs to its first node until it is closed', () => {
    const { connections, open } = setup();
    open({ verified: true });
    connections.bind('198.18.0.9:1', 'node-a');
    expect(connections.nodeOf('198.18.0.9:1')).toBe('node-a');
    expect(connections.nodeOf('198.18.0.9:2')).toBeUndefined();
  });

  it('is forgotten when it is closed, and holds no timer', () => {
    const { connections, open, clock } = setup();
    const state = open();
    connections.bind('198.18.0.9:1', 'node-a');
    state.close();
    expect([connections.nodeOf('198.18.0.9:1'), clock.pending]).toEqual([undefined, 0]);
  });

  it('with a certificate that does not verify is told, and remembered', () => {
    const { connections, open, refused } = setup();
    open({ unverified: { code: 'CERT_HAS_EXPIRED', which: 'it names "x"' } });
    const fault =
      'the client\'s certificate has expired, or this clock is wrong (CERT_HAS_EXPIRED); it names "x"';
    expect(connections.faultOf('198.18.0.9:1')).toEqual({ message: fault, ranOut: true });
    expect(refused).toEqual([{ peer: '198.18.0.9:1', fault }]);
  });
});
