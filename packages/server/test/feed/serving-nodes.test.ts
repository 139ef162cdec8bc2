import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createServingNodes } from '../../src/feed/serving-nodes.ts';

function setup() {
  const clock = createFakeClock();
  const nodes = createServingNodes({ clock });
  const said: string[] = [];
  nodes.onChange((node) => said.push(`${node} ${nodes.serves(node) ? 'serves' : 'does not'}`));
  nodes.onAny(() => said.push(nodes.any() ? 'some' : 'none'));
  return { clock, nodes, said };
}

describe('A node that serves container credentials', () => {
  it('It serves as soon as one of its agents says so, and only that node does', () => {
    const { nodes, said } = setup();
    nodes.join('node-a', true);
    nodes.join('node-b', false);
    expect(nodes.serves('node-a')).toBe(true);
    expect(nodes.serves('node-b')).toBe(false);
    expect(said).toEqual(['node-a serves', 'some']);
  });

  it('It serves for another minute after its agent has left, so that nothing changes if that restarts', async () => {
    const { clock, nodes, said } = setup();
    nodes.join('node-a', true).leave();
    await clock.advance(59_999);
    const restarted = nodes.join('node-a', true);
    await clock.advance(120_000);
    expect(said).toEqual(['node-a serves', 'some']);
    restarted.leave();
    await clock.advance(60_000);
    expect(said.slice(2)).toEqual(['node-a does not', 'none']);
    expect(clock.pending).toBe(0);
  });

  it('It serves while one of the two agents of an upgrade does', async () => {
    const { clock, nodes, said } = setup();
    const old = nodes.join('node-a', true);
    const next = nodes.join('node-a', false);
    old.leave();
    next.report(true);
    await clock.advance(60_000);
    expect(said).toEqual(['node-a serves', 'some']);
    next.report(false);
    next.leave();
    await clock.advance(60_000);
    expect(nodes.serves('node-a')).toBe(false);
  });

  it('The last of several nodes ends the need for keys', async () => {
    const { clock, nodes, said } = setup();
    const [a, b] = [nodes.join('node-a', true), nodes.join('node-b', true)];
    a.leave();
    await clock.advance(60_000);
    b.leave();
    await clock.advance(60_000);
    expect(said).toEqual([
      'node-a serves',
      'some',
      'node-b serves',
      'node-a does not',
      'node-b does not',
      'none',
    ]);
  });

  it('A stream that reports the same again changes nothing', () => {
    const { nodes, said } = setup();
    const stream = nodes.join('node-a', true);
    let changes = 0;
    stream.onChange(() => (changes += 1));
    stream.report(true);
    expect(changes).toBe(0);
    expect(said).toHaveLength(2);
  });
});
