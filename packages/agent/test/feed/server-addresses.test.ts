import { describe, expect, it } from 'vitest';
import { createServerAddresses } from '../../src/feed/server-addresses.ts';

function setup({
  names = {},
  servers = [{ host: 'rolegate', port: 9610 }],
}: { names?: Record<string, string[] | Error>; servers?: { host: string; port: number }[] } = {}) {
  let lookups = 0;
  let seed = 1;
  const addresses = createServerAddresses({
    servers,
    lookup: (host) => {
      lookups += 1;
      const found = names[host];
      return found instanceof Error || found === undefined
        ? Promise.reject(found ?? new Error('ENOTFOUND'))
        : Promise.resolve(found);
    },
    random: () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647,
  });
  const take = async (count: number) => {
    const taken: string[] = [];
    for (let index = 0; index < count; index++) taken.push((await addresses.next()).host);
    return taken;
  };
  return { addresses, take, names, lookups: () => lookups };
}

describe('Server addresses', () => {
  it('All addresses are tried before one is tried again', async () => {
    const { take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2', '198.18.0.3'] } });
    const round = await take(3);
    expect(new Set(round).size).toBe(3);
  });

  it('Rounds begin with different addresses, so that agents spread over the servers', async () => {
    const { take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2'] } });
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 20; round++) firsts.add((await take(2))[0]);
    expect(firsts.size).toBe(2);
  });

  it('A failed address is tried last, and it is known whether others are untried', async () => {
    const { addresses, take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2', '198.18.0.3'] } });
    for (let round = 0; round < 20; round++) {
      addresses.failed({ host: '198.18.0.2', port: 9610, name: 'rolegate' });
      expect((await take(2)).includes('198.18.0.2')).toBe(false);
      expect(addresses.untried).toBe(true);
      expect(await take(1)).toEqual(['198.18.0.2']);
      expect(addresses.untried).toBe(false);
    }
  });

  it('Two servers that stop one after the other are tried last, which is forgotten after two rounds', async () => {
    const { addresses, take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2', '198.18.0.3'] } });
    const stop = (host: string) => {
      addresses.reset();
      addresses.failed({ host, port: 9610, name: 'rolegate' });
    };
    for (let roll = 0; roll < 20; roll++) {
      stop('198.18.0.1');
      await take(1);
      stop('198.18.0.2');
      expect(await take(3)).toEqual(['198.18.0.3', '198.18.0.1', '198.18.0.2']);
    }
    await take(3);
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 30; round++) firsts.add((await take(3))[0]);
    expect(firsts.size).toBe(3);
  });

  it('Names are looked up again when a new round is requested', async () => {
    const { addresses, take, names } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2'] } });
    await take(1);
    names['rolegate'] = ['198.18.0.9'];
    addresses.reset();
    expect(await take(1)).toEqual(['198.18.0.9']);
  });

  it('Names are looked up again each round', async () => {
    const { take, names, lookups } = setup({ names: { rolegate: ['198.18.0.1'] } });
    await take(1);
    names['rolegate'] = ['198.18.0.9'];
    expect(await take(1)).toEqual(['198.18.0.9']);
    expect(lookups()).toBe(2);
  });

  it('The last good addresses are used while names do not resolve', async () => {
    const { take, names } = setup({ names: { rolegate: ['198.18.0.1'] } });
    await take(1);
    names['rolegate'] = new Error('EAI_AGAIN');
    expect(await take(2)).toEqual(['198.18.0.1', '198.18.0.1']);
  });

  it('If there never was an address, the error says which name does not resolve', async () => {
    const { addresses } = setup();
    await expect(addresses.next()).rejects.toThrow(AggregateError);
    await addresses.next().catch((error: unknown) => {
      expect(String((error as AggregateError).errors[0])).toContain('rolegate does not resolve');
    });
  });

  it('IP addresses, including IPv6, are used even if a name does not resolve', async () => {
    const servers = [
      { host: 'fd00::1', port: 1 },
      { host: 'gone', port: 2 },
    ];
    const { take, lookups } = setup({ servers });
    expect(await take(2)).toEqual(['fd00::1', 'fd00::1']);
    expect(lookups()).toBe(2);
  });
});
