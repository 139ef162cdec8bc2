import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { PeerIdentity } from '../../src/identity/peers.ts';
import { createStreamPlaces } from '../../src/feed/stream-places.ts';

/** The names of evicted streams, in order. */
function setup() {
  const clock = createFakeClock();
  const gaveWay: string[] = [];
  const hits: string[] = [];
  const places = createStreamPlaces({
    clock,
    hit: (limit, { node }) => hits.push(`${limit} ${node ?? '-'}`),
  });
  const unknown = (name: string, peer: string) => places.enter(peer, () => gaveWay.push(name));
  const open = (name: string, more: Partial<PeerIdentity> = {}) => {
    const place = unknown(name, `198.18.0.9:${name}`);
    place.known({ node: 'node-a', podUid: 'agent-a', ...more });
    return place;
  };
  return { clock, gaveWay, hits, unknown, open };
}

describe('Agent streams', () => {
  it('An agent has two streams at once, and a third one ends the oldest', () => {
    const { open, gaveWay, hits } = setup();
    for (const name of ['1', '2', '3']) open(name);
    expect([gaveWay, hits]).toEqual([['1'], ['node_streams node-a']]);
    open('4');
    expect(gaveWay).toEqual(['1', '2']);
  });

  it('A stream that has ended frees its place', () => {
    const { open, gaveWay } = setup();
    open('1');
    for (let renewal = 2; renewal < 20; renewal += 1) open(String(renewal)).leave();
    open('last');
    expect(gaveWay).toEqual([]);
  });

  it('Two agent Pods on a node, as in a surge upgrade, have two streams each', () => {
    const { open, gaveWay } = setup();
    for (const podUid of ['old', 'old', 'new', 'new']) open(podUid, { podUid });
    expect(gaveWay).toEqual([]);
  });

  it('A node has at most four streams, whatever Pods they claim to be of', () => {
    const { open, gaveWay } = setup();
    for (const name of ['1', '2', '3', '4', '5']) open(name, { podUid: name });
    expect(gaveWay).toEqual(['1']);
  });

  it('A node has at most four streams if nothing proves their Pods', () => {
    const { open, gaveWay } = setup();
    for (const name of ['1', '2', '3', '4']) open(name, { podUid: undefined });
    expect(gaveWay).toEqual([]);
    open('5', { podUid: undefined });
    expect(gaveWay).toEqual(['1']);
  });

  it('The streams of one node never end those of another node', () => {
    const { open, gaveWay } = setup();
    open('other', { node: 'node-b', podUid: 'agent-b' });
    for (let at = 0; at < 15; at += 1) open(String(at));
    expect(gaveWay).not.toContain('other');
    expect(gaveWay).toHaveLength(13);
  });

  it('A node opens 20 streams at once and then five a second, and other nodes are not delayed', async () => {
    const { open, clock, hits } = setup();
    for (let at = 0; at < 20; at += 1) open(String(at)).leave();
    expect(() => open('too soon')).toThrow(/opens more than 5 streams a second/);
    expect(hits).toEqual(['node_streams node-a']);
    expect(() => open('other', { node: 'node-b' })).not.toThrow();
    await clock.advance(200);
    expect(() => open('later')).not.toThrow();
    expect(() => open('again too soon')).toThrow();
  });
});

describe('Unidentified streams', () => {
  it('A connection has at most four streams whose node is unknown', () => {
    const { unknown, gaveWay, hits } = setup();
    for (const name of ['1', '2', '3', '4', '5']) unknown(name, '198.18.0.9:1');
    unknown('other', '198.18.0.9:2');
    expect([gaveWay, hits]).toEqual([['1'], ['node_streams -']]);
  });

  it('A stream no longer counts for its connection once its node is known', () => {
    const { unknown, gaveWay } = setup();
    for (const node of ['a', 'b', 'c', 'd', 'e']) unknown(node, '198.18.0.9:1').known({ node });
    expect(gaveWay).toEqual([]);
  });
});
