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

describe('server addresses', () => {
  it('tries all before one comes again', async () => {
    const { take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2', '198.18.0.3'] } });
    const round = await take(3);
    expect(new Set(round).size).toBe(3);
  });

  it('begins with another one from time to time, so that agents spread over the servers', async () => {
    const { take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2'] } });
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 20; round++) firsts.add((await take(2))[0]);
    expect(firsts.size).toBe(2);
  });

  it('comes to what has failed last, and knows whether others are left', async () => {
    const { addresses, take } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2', '198.18.0.3'] } });
    for (let round = 0; round < 20; round++) {
      addresses.failed({ host: '198.18.0.2', port: 9610, name: 'rolegate' });
      expect((await take(2)).includes('198.18.0.2')).toBe(false);
      expect(addresses.untried).toBe(true);
      expect(await take(1)).toEqual(['198.18.0.2']);
      expect(addresses.untried).toBe(false);
    }
  });

  it('comes last to two that have stopped one after the other, and forgets that after two rounds', async () => {
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

  it('looks names up anew where a new round is wanted', async () => {
    const { addresses, take, names } = setup({ names: { rolegate: ['198.18.0.1', '198.18.0.2'] } });
    await take(1);
    names['rolegate'] = ['198.18.0.9'];
    addresses.reset();
    expect(await take(1)).toEqual(['198.18.0.9']);
  });

  it('looks names up anew each round', async () => {
    const { take, names, lookups } = setup({ names: { rolegate: ['198.18.0.1'] } });
    await take(1);
    names['rolegate'] = ['198.18.0.9'];
    expect(await take(1)).toEqual(['198.18.0.9']);
    expect(lookups()).toBe(2);
  });

  it('goes on with the last good addresses while names do not resolve', async () => {
    const { take, names } = setup({ names: { rolegate: ['198.18.0.1'] } });
    await take(1);
    names['rolegate'] = new Error('EAI_AGAIN');
    expect(await take(2)).toEqual(['198.18.0.1', '198.18.0.1']);
  });

  it('says which name does not resolve when there never was an address', async () => {
    const { addresses } = setup();
    await expect(addresses.next()).rejects.toThrow(AggregateError);
    await addresses.next().catch((error: unknown) => {
      expect(String((error as AggregateError).errors[0])).toContain('rolegate does not resolve');
    });
  });

  it('takes addresses as they are, IPv6 too, beside a name that does not resolve', async () => {
    const servers = [
      { host: 'fd00::1', port: 1 },
      { host: 'gone', port: 2 },
    ];
    const { take, lookups } = setup({ servers });
    expect(await take(2)).toEqual(['fd00::1', 'fd00::1']);
    expect(lookups()).toBe(2);
  });
});
