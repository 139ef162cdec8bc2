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

/** A port with room for four handshakes, to which only agents connect. */
function setupCrowd() {
  const clock = createFakeClock();
  const started: string[] = [];
  const closed: string[] = [];
  const handshakes = createHandshakes({
    limits: { perSecond: 10_000, burst: 10_000, perAddress: 8, total: 4 },
    clock,
    memory: undefined,
    hit: () => undefined,
    isAgents: (address) => address.startsWith('198.18.'),
  });
  const begin = (address: string, name = address) =>
    handshakes.begin(
      address,
      () => closed.push(name),
      () => started.push(name),
    );
  return { clock, handshakes, started, closed, begin };
}

const agents = (count: number) => Array.from({ length: count }, (_, at) => `198.18.0.${at}`);

describe('Many agents at once', () => {
  it('Agents wait for each other in the order in which they came, and no handshake of theirs is closed', () => {
    const { handshakes, started, closed, begin } = setupCrowd();
    const all = agents(100);
    const begun = all.map((address) => begin(address));
    expect([started, handshakes.size()]).toEqual([all.slice(0, 4), 4]);
    for (const handshake of begun) {
      handshake?.end();
      expect(handshakes.size()).toBeLessThanOrEqual(4);
    }
    expect([started, closed, handshakes.size()]).toEqual([all, [], 0]);
  });

  it('An agent that has left while it waited begins no handshake', () => {
    const { started, begin } = setupCrowd();
    const [first, ...others] = agents(6).map((address) => begin(address));
    others.at(-2)?.end();
    first?.end();
    expect(started).toEqual([...agents(4), '198.18.0.5']);
  });

  it('An agent that has waited so long that its handshake would come too late is closed instead', async () => {
    const { clock, started, closed, begin } = setupCrowd();
    const [first] = agents(5).map((address) => begin(address));
    await clock.advance(2_001);
    begin('198.18.0.9');
    first?.end();
    expect([closed, started]).toEqual([['198.18.0.4'], [...agents(4), '198.18.0.9']]);
  });

  it('A stranger closes no handshake of an agent, and an agent closes those of strangers', () => {
    const { started, closed, begin } = setupCrowd();
    begin('198.19.0.1');
    for (const address of agents(4)) begin(address);
    expect([started, closed]).toEqual([['198.19.0.1', ...agents(4)], ['198.19.0.1']]);
    expect(begin('198.19.0.2')).toBeUndefined();
    expect(closed).toEqual(['198.19.0.1']);
  });

  it('An address with several handshakes makes room for an agent with none', () => {
    const { started, closed, begin } = setupCrowd();
    for (let at = 0; at < 4; at += 1) begin('198.18.0.1', `many ${at}`);
    begin('198.18.0.2');
    expect([closed, started.at(-1)]).toEqual([['many 0'], '198.18.0.2']);
  });

  it('The number of agents that wait is limited', () => {
    const { begin } = setupCrowd();
    const addresses = Array.from({ length: 3_000 }, (_, at) => `198.18.${at >> 8}.${at & 255}`);
    expect(addresses.filter((address) => begin(address) !== undefined)).toHaveLength(4 + 2_048);
  });
});

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
