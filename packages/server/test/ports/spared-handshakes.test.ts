import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createHandshakes } from '../../src/ports/handshakes.ts';

const AGENT = '198.18.0.1';
const TOTAL = 64;

function setup() {
  const closed: string[] = [];
  const handshakes = createHandshakes({
    limits: { perSecond: 10_000, burst: 10_000, perAddress: 8, total: TOTAL },
    clock: createFakeClock(),
    memory: undefined,
    hit: () => undefined,
    isAgents: (address) => address === AGENT,
  });
  return { closed, begin: (address: string) => handshakes.begin(address, () => closed.push(address)) };
}

describe('Handshakes of agents', () => {
  it("A handshake of an agent's address is kept while strangers at thousands of addresses begin theirs", () => {
    const { closed, begin } = setup();
    begin(AGENT);
    begin(AGENT);
    for (let at = 0; at < 2_000; at += 1) begin(`198.19.${Math.floor(at / 250)}.${at % 250}`);
    expect(closed).toHaveLength(2_000 + 2 - TOTAL);
    expect(closed).not.toContain(AGENT);
  });

  it("A handshake of an agent's address is closed at the limit of its own address", () => {
    const { closed, begin } = setup();
    for (let at = 0; at < 9; at += 1) begin(AGENT);
    expect(closed).toEqual([AGENT]);
  });
});
