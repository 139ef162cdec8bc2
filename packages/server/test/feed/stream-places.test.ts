import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { PeerIdentity } from '../../src/identity/peers.ts';
import { createStreamPlaces } from '../../src/feed/stream-places.ts';

/** Streams by name, in the order in which they were told to give way. */
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

describe('the streams of an agent', () => {
  it('are two at once: the third one ends the oldest', () => {
    const { open, gaveWay, hits } = setup();
    for (const name of ['1', '2', '3']) open(name);
    expect([gaveWay, hits]).toEqual([['1'], ['node_streams node-a']]);
    open('4');
    expect(gaveWay).toEqual(['1', '2']);
  });

  it('that have ended leave their places', () => {
    const { open, gaveWay } = setup();
    open('1');
    for (let renewal = 2; renewal < 20; renewal += 1) open(String(renewal)).leave();
    open('last');
    expect(gaveWay).toEqual([]);
  });

  it('of two Pods on a node, as in an upgrade by surge, have two each', () => {
    const { open, gaveWay } = setup();
    for (const podUid of ['old', 'old', 'new', 'new']) open(podUid, { podUid });
    expect(gaveWay).toEqual([]);
  });

  it('are four on a node, whatever Pods they say they are of', () => {
    const { open, gaveWay } = setup();
    for (const name of ['1', '2', '3', '4', '5']) open(name, { podUid: name });
    expect(gaveWay).toEqual(['1']);
  });

  it('are four on a node if nothing proves their Pods', () => {
    const { open, gaveWay } = setup();
    for (const name of ['1', '2', '3', '4']) open(name, { podUid: undefined });
    expect(gaveWay).toEqual([]);
    open('5', { podUid: undefined });
    expect(gaveWay).toEqual(['1']);
  });

  it('take nothing from other nodes', () => {
    const { open, gaveWay } = setup();
    open('other', { node: 'node-b', podUid: 'agent-b' });
    for (let at = 0; at < 15; at += 1) open(String(at));
    expect(gaveWay).not.toContain('other');
    expect(gaveWay).toHaveLength(13);
  });

  it('are opened 20 at once and five a second; other nodes are not held up', async () => {
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

describe('streams of nobody known', () => {
  it('are four on a connection', () => {
    const { unknown, gaveWay, hits } = setup();
    for (const name of ['1', '2', '3', '4', '5']) unknown(name, '198.18.0.9:1');
    unknown('other', '198.18.0.9:2');
    expect([gaveWay, hits]).toEqual([['1'], ['node_streams -']]);
  });

  it('no longer count for their connection once it is known whose they are', () => {
    const { unknown, gaveWay } = setup();
    for (const node of ['a', 'b', 'c', 'd', 'e']) unknown(node, '198.18.0.9:1').known({ node });
    expect(gaveWay).toEqual([]);
  });
});
