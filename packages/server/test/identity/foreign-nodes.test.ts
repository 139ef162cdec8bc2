import { describe, expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createForeignNodes } from '../../src/identity/foreign-nodes.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';
import { recordLog } from './authority/setup.ts';

describe('Foreign node attempts', () => {
  function setup() {
    const clock = createFakeClock();
    const { log, lines } = recordLog();
    const counted = { foreign: 0 };
    const metrics = { foreignNode: () => (counted.foreign += 1) };
    const memory = createMemory<MemoryKind>({ clock });
    const nodes = createForeignNodes({ clock, log, metrics, memory });
    return { clock, lines, counted, nodes, memory };
  }

  it('Every attempt is counted, and a flood from one source logs some lines with a count of those left out', async () => {
    const { clock, lines, counted, nodes } = setup();
    for (let at = 0; at < 1_000; at += 1) nodes.refuse(`attempt ${at}`, { peer: `198.18.0.9:${at}` });
    expect([counted.foreign, lines.length]).toEqual([1_000, 50]);
    nodes.refuse('another', { peer: '198.18.0.10:1' });
    expect(lines).toHaveLength(51);
    await clock.advance(1_000);
    nodes.refuse('one more', { peer: '198.18.0.9:1' });
    expect(lines.at(-1)?.fields).toMatchObject({ error: 'one more', leftOut: 950 });
  });

  it('Attempts from many sources keep the count of another source, and are forgotten after ten minutes', async () => {
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

  it('A refused attempt is logged with its reason, its peer and a hint', () => {
    const { lines, nodes } = setup();
    const refusal = nodes.refuse('wrong', { peer: '198.18.0.9:1', node: 'node-a' });
    expect(refusal).toMatchObject({ reason: 'ForeignNode', message: 'wrong' });
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'agent refused',
        fields: {
          audit: true,
          reason: 'ForeignNode',
          peer: '198.18.0.9:1',
          node: 'node-a',
          error: 'wrong',
          hint: expect.stringContaining('treat the node as stolen') as unknown,
        },
      },
    ]);
  });

  it('Only attempts that are ForeignNode are counted as such, and other ones are warnings', () => {
    const { counted, lines, nodes } = setup();
    nodes.note(new Refusal('ServerUnavailable', 'away'), { peer: 'p:1' });
    nodes.remark('perhaps', { peer: 'p:1' });
    expect([counted.foreign, lines.map(({ level }) => level)]).toEqual([0, ['warn', 'warn']]);
  });
});
