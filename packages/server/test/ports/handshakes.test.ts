import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { HandshakesDeps } from '../../src/ports/handshakes.ts';
import { createHandshakes } from '../../src/ports/handshakes.ts';

const FREELY = { perSecond: 10_000, burst: 10_000, perAddress: 8, total: 64 };

function setup(limits = FREELY, more: Partial<HandshakesDeps> = {}) {
  const clock = createFakeClock();
  const hits: string[] = [];
  const closed: string[] = [];
  const handshakes = createHandshakes({
    limits,
    clock,
    memory: undefined,
    hit: (limit, { address }) => hits.push(`${limit} ${address}`),
    ...more,
  });
  const begin = (address: string, name = address) => handshakes.begin(address, () => closed.push(name));
  return { clock, hits, closed, handshakes, begin };
}

describe('Handshakes', () => {
  it('An address has eight handshakes in progress, and a ninth replaces the oldest', () => {
    const { begin, closed, hits, handshakes } = setup();
    for (let at = 0; at < 9; at += 1) begin('198.18.0.1', `${at}`);
    expect(closed).toEqual(['0']);
    expect(hits).toEqual(['handshakes 198.18.0.1']);
    expect(handshakes.size()).toBe(8);
  });

  it('The handshakes of one address close none of another', () => {
    const { begin, closed } = setup();
    begin('198.18.0.2', 'honest');
    for (let at = 0; at < 1_000; at += 1) begin('198.18.0.1', 'flood');
    expect(closed).not.toContain('honest');
  });

  it('Addresses of one IPv6 /64 count as one address, and those of two do not', () => {
    const { begin, closed } = setup();
    for (let at = 0; at < 9; at += 1) begin(`2001:db8::${at + 1}`, `${at}`);
    expect(closed).toEqual(['0']);
    begin('2001:db8:0:1::1', 'other');
    expect(closed).toEqual(['0']);
  });

  it('At most 64 handshakes are in progress, and one of the address with the most is closed for a new one', () => {
    const { begin, closed, handshakes } = setup();
    for (let at = 0; at < 8; at += 1) begin('198.18.0.1', `most ${at}`);
    for (let at = 0; at < 56; at += 1) begin(`198.18.1.${at}`);
    expect([closed, handshakes.size()]).toEqual([[], 64]);
    begin('198.18.0.2', 'honest');
    expect([closed, handshakes.size()]).toEqual([['most 0'], 64]);
  });

  it('A handshake that has ended makes room', () => {
    const { begin, closed, handshakes } = setup();
    for (let at = 0; at < 100; at += 1) {
      const handshake = begin('198.18.0.1');
      handshake?.end();
      handshake?.end();
    }
    expect([closed, handshakes.size()]).toEqual([[], 0]);
  });
});

it('An address begins ten handshakes a second, after a burst of its own', async () => {
  const { begin, clock, hits } = setup({ ...FREELY, perSecond: 10, burst: 40 });
  const begun = (address: string) =>
    Array.from({ length: 100 }, () => begin(address)).filter((handshake) => handshake !== undefined).length;
  expect([begun('198.18.0.1'), begun('198.18.0.2'), begun('2001:db8::1')]).toEqual([40, 40, 40]);
  expect(begun('2001:db8::2')).toBe(0);
  expect(hits).toContain('connection_rate 198.18.0.1');
  await clock.advance(1_000);
  expect(begun('198.18.0.1')).toBe(10);
});

it('Before the server is synced, 20 handshakes a second begin, whoever connects', async () => {
  let synced = false;
  const { begin, clock, hits } = setup(FREELY, { synced: () => synced });
  const begun = () => {
    const handshakes = Array.from({ length: 200 }, (_, at) => begin(`198.18.0.${at}`));
    for (const handshake of handshakes) handshake?.end();
    return handshakes.filter((handshake) => handshake !== undefined).length;
  };
  expect(begun()).toBe(64);
  expect(hits.at(-1)).toBe('unsynced_handshakes 198.18.0.199');
  await clock.advance(1_000);
  expect(begun()).toBe(20);
  synced = true;
  expect(begun()).toBeGreaterThan(64);
});
