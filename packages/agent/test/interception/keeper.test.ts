import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { hostInterface } from '../../src/interception/rules/host-interfaces.ts';
import type { HostInterface } from '../../src/interception/rules/host-interfaces.ts';
import { createKeeper } from '../../src/interception/keeper.ts';
import { failed, ok } from './fake-node.ts';
import { setup as lay } from './installed.ts';

const stop = new Set<() => Promise<void>>();
afterEach(async () => {
  for (const end of stop) await end();
  stop.clear();
});

async function setup({
  interfaces = [],
  podIps = [],
  lacks,
}: {
  interfaces?: string[];
  podIps?: string[];
  lacks?: string;
} = {}) {
  const { node, interception } = lay();
  if (lacks !== undefined) node.lacks.add(lacks);
  const clock = createFakeClock({ nowMs: 0 });
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const write = (level: string) => (message: string, fields?: object) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const keeper = createKeeper({
    interception,
    run: node.run,
    clock,
    log,
    podIps: () => podIps,
    hostInterfaces: interfaces.map((text) => (hostInterface.parse(text) as { value: HostInterface }).value),
    excludedInterfaces: [],
  });
  const signal = new AbortController();
  const running = keeper.run(signal.signal);
  stop.add(async () => {
    signal.abort();
    await running;
  });
  /** It sleeps, so the check is done. */
  const settled = async () => {
    while (clock.pending === 0) await setImmediate();
  };
  await settled();
  const said = (level: string) => lines.filter((line) => line.level === level).map(({ message }) => message);
  return { node, clock, keeper, lines, said, settled };
}

describe('Interception keeper', () => {
  it('Rules are installed at once, which does not count as a repair', async () => {
    const { keeper, said } = await setup();
    expect(keeper.current()).toMatchObject({
      backend: 'nft',
      layers: { nat: true, filter: true, route: true, input: true, ports: true },
      repairs: { nat: 0, filter: 0, route: 0, input: 0, ports: 0, link: 0 },
    });
    expect(said('info')).toContain('interception installed');
  });

  it('A changed rule is repaired at the event, and the repair is counted and logged', async () => {
    const { node, clock, keeper, settled, lines } = await setup();
    node.tables('nft').get('nat')?.set('ROLEGATE', []);
    keeper.changed();
    await clock.advance(500);
    await settled();
    expect(keeper.current().repairs).toEqual({ nat: 1, filter: 0, route: 0, input: 0, ports: 0, link: 0 });
    expect(node.lines('nft', 'nat', 'ROLEGATE')).toHaveLength(1);
    const repaired = lines.find(({ message }) => message === 'interception repaired');
    expect(repaired?.fields).toMatchObject({ faults: ['nat: chain ROLEGATE has different rules'] });
  });

  it('A change that caused no event is repaired within 30 s', async () => {
    const { node, clock, keeper, settled } = await setup();
    node.rules('-4').length = 0;
    await clock.advance(30_500);
    await settled();
    expect(keeper.current().repairs.route).toBe(1);
    expect(node.rules('-4')).toHaveLength(2);
  });

  it('A change is repaired within 10 s if the backend sends no events, and only its tables are read for that', async () => {
    const { node, clock, keeper, settled } = await setup();
    node.tables('legacy').get('mangle')?.set('KUBE-IPTABLES-HINT', []);
    await clock.advance(30_500);
    await settled();
    node.calls.length = 0;
    await clock.advance(10_000);
    await settled();
    expect(node.calls).toEqual(['iptables-legacy-save -c', 'ip6tables-legacy-save -c']);
    node.tables('legacy').get('nat')?.set('ROLEGATE', []);
    await clock.advance(10_500);
    await settled();
    expect(keeper.current().backend).toBe('legacy');
    expect(node.lines('legacy', 'nat', 'ROLEGATE')).toHaveLength(1);
  });

  it('While nothing changes, no legacy tables are listed and the kernel is asked about one Pod only', async () => {
    const { node, clock, settled } = await setup({ podIps: ['198.18.5.2', '198.18.5.3', '198.18.5.4'] });
    expect(node.calls.filter((call) => call.includes('from'))).toHaveLength(3);
    node.calls.length = 0;
    await clock.advance(30_500);
    await settled();
    expect(node.calls).toEqual([
      'ip -json -4 rule show',
      'ip -json -6 rule show',
      'iptables-nft-save -c',
      'ip6tables-nft-save -c',
      // In the first minutes: an endpoint that is not enabled would be removed.
      'ip -json address show dev rolegate0',
      'ip -4 route get 198.18.5.2',
      'ip -4 route get 169.254.169.254 from 198.18.5.2 iif cali1',
    ]);
  });

  it('An endpoint for container credentials that is not enabled is removed for 5 minutes, and left alone later', async () => {
    const { node, clock, settled } = await setup();
    for (let at = 0; at < 9; at++) {
      node.link.change({});
      node.rules('-4').push('priority 6 to 169.254.170.23 prohibit protocol 82');
      await clock.advance(31_000);
      await settled();
      expect(node.link.current()).toBeUndefined();
      expect(node.rules('-4')).toHaveLength(2);
    }
    await clock.advance(31_000);
    await settled();
    node.link.change({});
    node.rules('-4').push('priority 6 to 169.254.170.23 prohibit protocol 82');
    await clock.advance(31_000);
    await settled();
    expect(node.link.current()).toBeDefined();
    expect(node.rules('-4')).toHaveLength(3);
  });

  it('Legacy tables are listed as soon as there are any', async () => {
    const { node, clock, settled } = await setup();
    await clock.advance(30_500);
    await settled();
    node.calls.length = 0;
    node.add('legacy', 'filter', 'FORWARD', 0, '-j ACCEPT');
    await clock.advance(30_500);
    await settled();
    expect(node.calls).toContain('iptables-legacy-save -c');
  });

  it('The kernel is asked about the same Pods again while it would route one of them', async () => {
    const { node, clock, settled } = await setup({ podIps: ['198.18.5.2', '198.18.5.3'] });
    node.setRouteGet((args) =>
      args.includes('198.18.5.3') ? ok('169.254.169.254 via 198.18.0.254') : failed('Permission denied'),
    );
    node.rules('-4').length = 0;
    for (let at = 0; at < 3; at++) {
      await clock.advance(31_000);
      await settled();
    }
    expect(node.calls.filter((call) => call.includes('from 198.18.5.3'))).toHaveLength(4);
  });

  it('A limit that cannot be installed is retried every 30 s, and not at each event', async () => {
    const { node, clock, keeper, settled } = await setup({ lacks: 'recent' });
    const restores = () => node.calls.filter((call) => call.startsWith('iptables-nft-restore')).length;
    const before = restores();
    for (let at = 0; at < 20; at++) {
      keeper.changed();
      await clock.advance(1_000);
      await settled();
    }
    expect(restores()).toBe(before);
    await clock.advance(31_000);
    await settled();
    expect(restores()).toBe(before + 1);
    expect(keeper.current().repairs).toEqual({ nat: 0, filter: 0, route: 0, input: 0, ports: 0, link: 0 });
  });

  it('The rules are checked at most twice a second, however many events there are', async () => {
    const { node, clock, keeper, settled } = await setup();
    const looks = () => node.calls.filter((call) => call === 'iptables-nft-save -c').length;
    const before = looks();
    for (let at = 0; at < 50; at++) {
      keeper.changed();
      await clock.advance(20);
      await settled();
    }
    expect(looks() - before).toBeLessThanOrEqual(3);
  });

  it('Repairs that another program undoes become rarer, and are immediate again when that has ended', async () => {
    const { node, clock, keeper, settled } = await setup();
    const undo = () => node.tables('nft').get('filter')?.set('ROLEGATE-INPUT', ['-j DROP']);
    for (let ms = 0; ms < 120_000; ms += 500) {
      undo();
      keeper.changed();
      await clock.advance(500);
      await settled();
    }
    expect(keeper.current().repairs.input).toBeGreaterThan(8);
    expect(keeper.current().repairs.input).toBeLessThan(14);
    for (const ms of [31_000, 31_000]) {
      await clock.advance(ms);
      await settled();
    }
    const before = keeper.current().repairs.input;
    undo();
    keeper.changed();
    await clock.advance(500);
    await settled();
    expect(keeper.current().repairs.input).toBe(before + 1);
  });

  it('A failed check reports every layer as not installed, and later checks still run', async () => {
    const { node, clock, keeper, settled, said } = await setup();
    node.tables('legacy').get('nat')?.set('OTHER', []);
    for (const program of ['iptables-nft-save', 'iptables-legacy-save']) node.broken.add(program);
    await clock.advance(31_000);
    await settled();
    expect(keeper.current().layers).toEqual({
      nat: false,
      filter: false,
      route: false,
      input: false,
      ports: false,
    });
    await clock.advance(31_000);
    await settled();
    expect(said('error')).toEqual(['interception check failed']);
    node.broken.clear();
    await clock.advance(31_000);
    await settled();
    expect(keeper.current().layers.nat).toBe(true);
  });

  it('A fault that cannot be repaired is logged once, and so is its end', async () => {
    const { node, clock, settled, keeper, said } = await setup();
    node.broken.add('ip');
    for (const ms of [31_000, 31_000]) {
      await clock.advance(ms);
      await settled();
    }
    expect(keeper.current().layers.route).toBe(false);
    expect(said('error')).toEqual(['interception incomplete']);
    node.broken.clear();
    await clock.advance(31_000);
    await settled();
    expect(said('info')).toContain('interception recovered');
  });
});

describe('Interception log', () => {
  it('A missing limit of new connections is logged once with a hint, and so is its return', async () => {
    const { node, clock, keeper, settled, lines, said } = await setup({ lacks: 'hashlimit' });
    expect(keeper.current()).toMatchObject({
      connectionsLimited: false,
      layers: { nat: true, input: true, ports: true },
    });
    await clock.advance(31_000);
    await settled();
    expect(said('warn')).toEqual(['kernel connection limit unavailable']);
    const { fields } = lines.find(({ level }) => level === 'warn') ?? {};
    expect(fields).toMatchObject({
      error: "iptables-nft-restore: Couldn't load match `hashlimit'",
      hint: expect.stringContaining('xt_hashlimit'),
    });
    node.lacks.clear();
    await clock.advance(31_000);
    await settled();
    expect(keeper.current()).toMatchObject({ connectionsLimited: true, repairs: { input: 1 } });
    expect(said('info')).toContain('kernel connection limit available again');
  });

  it('Refused connections are logged once per storm, and the end of the storm is logged with their number', async () => {
    const { node, clock, keeper, settled, lines } = await setup();
    for (const packets of [0, 300, 700, 700]) {
      node.setPackets('--rcheck', packets);
      await clock.advance(31_000);
      await settled();
    }
    expect(keeper.current().refusedConnections).toBe(700);
    const told = lines.filter(({ message }) => message.startsWith('kernel connection limit'));
    expect(told.map(({ message, fields }) => [message, fields['count']])).toEqual([
      ['kernel connection limit reached', 300],
      ['kernel connection limit no longer reached', 700],
    ]);
  });

  it('A host interface that matches nothing causes one warning, and its appearance is logged', async () => {
    const { node, clock, keeper, settled, lines, said } = await setup({ interfaces: ['cali+'] });
    expect(keeper.current().unmatchedInterfaces).toBe(1);
    expect(lines.find(({ level }) => level === 'warn')?.fields).toMatchObject({ interfaces: 'cali+' });
    await clock.advance(31_000);
    await settled();
    node.setDevices(['lo', 'eth0', 'cali123']);
    await clock.advance(31_000);
    await settled();
    expect(keeper.current().unmatchedInterfaces).toBe(0);
    expect(said('warn')).toEqual(['host interface not found']);
    expect(said('info')).toContain('host interface recovered');
  });

  it('A foreign rule for a metadata address is logged once', async () => {
    const { node, clock, keeper, settled, lines } = await setup();
    node.add('nft', 'nat', 'PREROUTING', 1, '-d 169.254.169.254/32 -j DNAT --to-destination 10.0.0.7:3100');
    for (const ms of [31_000, 31_000]) {
      await clock.advance(ms);
      await settled();
    }
    expect(keeper.current().foreignRules).toBe(1);
    const named = lines.filter(({ message }) => message === 'foreign rule for a metadata address');
    expect(named.map(({ fields }) => fields['rule'])).toEqual([
      '-t nat -A PREROUTING -d 169.254.169.254/32 -j DNAT --to-destination 10.0.0.7:3100',
    ]);
  });

  it('A kernel that would route Pod traffic to the metadata address despite the rule is logged as an error', async () => {
    const { node, clock, keeper, settled, said } = await setup({ podIps: ['198.18.5.2'] });
    expect(keeper.current().layers.route).toBe(true);
    node.setRouteGet(() => ok('169.254.169.254 from 198.18.5.2 via 198.18.0.254 dev eth0'));
    await clock.advance(31_000);
    await settled();
    expect(keeper.current().layers.route).toBe(false);
    expect(said('error')).toEqual(['kernel routes Pod traffic to the metadata address']);
    node.setRouteGet(() => failed('RTNETLINK answers: Network is unreachable'));
    await clock.advance(31_000);
    await settled();
    expect(keeper.current().layers.route).toBe(true);
  });
});
