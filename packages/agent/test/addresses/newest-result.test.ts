import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createCniResults } from '../../src/addresses/cni-results.ts';
import type { SavedResults } from '../../src/addresses/saved-claims.ts';
import { createTestLog } from './known-pods.ts';
import { createMemoryFiles, DIRECTORY, fileNameOf, resultText } from './memory-files.ts';

const IP = '10.1.0.7';
const FUTURE_NS = 4_000_000_000_000_000_000n;

/** Successive processes that read one directory. */
function setup() {
  const memory = createMemoryFiles();
  const clock = createFakeClock();
  const log = createTestLog();
  let stop = new AbortController();
  let running = Promise.resolve();
  let kept: SavedResults | undefined;
  let results = create();

  function create() {
    return createCniResults({
      directories: [DIRECTORY],
      files: memory.files,
      metrics: { badCniResult: () => undefined },
      kept,
      clock,
      log,
    });
  }

  async function start(): Promise<void> {
    running = results.run(stop.signal);
    await results.ready;
  }

  async function end(): Promise<void> {
    stop.abort();
    await running;
  }

  return {
    ...memory,
    clock,
    log,
    start,
    give: (sandbox: string, uid: string, ips: readonly string[] = [IP], note = '') => {
      memory.write(fileNameOf(sandbox), resultText(uid, ips, note));
    },
    who: (ip = IP) => results.owner(ip)?.uid,
    unreadable: (ip = IP) => results.unreadableAt(ip),
    /** The owner, if it is certain. */
    surely: (ip = IP) =>
      results.owner(ip)?.contestedBy === undefined ? results.owner(ip)?.uid : 'uncertain',
    says: (uid: string, ip = IP) => results.says({ uid, runtimeUid: '', namespace: 'shop', name: 'x' }, ip),
    /** Waits for reads and rereads. */
    settle: () => clock.advance(700),
    /** Waits until every file has been rescanned. */
    look: () => clock.advance(31_000),
    async restart({ remembering = false } = {}) {
      if (remembering) kept = { claims: results.kept(), named: [] };
      await end();
      stop = new AbortController();
      results = create();
      await start();
      await clock.advance(700);
    },
    [Symbol.asyncDispose]: end,
  };
}

describe('Leftover results', () => {
  it('S4, N5 (a): A leftover result dated ahead does not get the address back, not even after a restart', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'former');
    await t.settle();
    t.give('s2', 'new');
    t.date(fileNameOf('s1'), FUTURE_NS);
    await t.settle();
    expect(t.who()).toBe('new');
    await t.restart({ remembering: true });
    expect(t.who()).toBe('new');
    await t.restart();
    expect(t.who()).toBe('new');
  });

  it('S4, N5 (a): A leftover result that was dated ahead before the other Pod came does not keep the address', async () => {
    await using t = setup();
    t.give('s1', 'former');
    t.date(fileNameOf('s1'), FUTURE_NS);
    await t.start();
    expect(t.who()).toBe('former');
    t.give('s2', 'new');
    await t.settle();
    expect(t.who()).toBe('new');
    await t.restart();
    expect(t.who()).toBe('new');
  });

  it('S4, N5 (b): A leftover result does not keep the address of a Pod with large annotations', async () => {
    await using t = setup();
    t.give('s1', 'former');
    await t.start();
    t.give('s2', 'new', [IP], '<'.repeat(167_000));
    await t.settle();
    expect(t.who()).toBe('new');
    await t.restart();
    expect(t.who()).toBe('new');
  });

  it('S4, N5: The address of a leftover result has no owner while the result of the new Pod cannot be read', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'former');
    t.give('s2', 'new');
    await t.settle();
    t.garble(fileNameOf('s2'), 'EIO: i/o error, read');
    await t.settle();
    expect([t.who(), t.unreadable()]).toEqual([undefined, expect.stringContaining('podnet-s2-eth0')]);
    t.garble(fileNameOf('s2'), undefined);
    await t.settle();
    expect(t.who()).toBe('new');
  });

  it('S4, N5: A leftover result is uncertain from the moment a newer file cannot be read', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'former');
    await t.settle();
    t.deafen();
    t.give('s2', 'new');
    t.garble(fileNameOf('s2'), 'EIO: i/o error, read');
    await t.clock.advance(30_000);
    await t.clock.advance(0);
    expect(t.surely()).toBe('uncertain');
    await t.settle();
    expect(t.surely()).toBe('uncertain');
    t.give('s3', 'third', ['10.1.0.9']);
    await t.look();
    expect([t.surely(), t.surely('10.1.0.9')]).toEqual(['uncertain', 'third']);
    t.garble(fileNameOf('s2'), undefined);
    await t.look();
    expect([t.who(), t.who('10.1.0.9')]).toEqual(['new', 'third']);
  });
});

describe('Broken files', () => {
  it.each([
    { what: 'is cut short', text: '{"kind":"cniCacheV1","ifName":"eth0"', who: 'a' },
    { what: 'is empty', text: '', who: 'a' },
    { what: 'is not JSON', text: 'not JSON', who: 'uncertain' },
    { what: 'is of a kind that is not known', text: '{"kind":"cniCacheV2"}', who: 'uncertain' },
  ])('If a newer file $what, the owner by an older file is $who', async ({ text, who }) => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a');
    await t.settle();
    t.write(fileNameOf('x'), text);
    await t.clock.advance(0);
    expect(t.surely()).toBe('a'); // it may be half-written; its Pod has not started then
    await t.settle();
    expect(t.surely()).toBe(who);
    t.remove(fileNameOf('x'));
    await t.settle();
    expect(t.surely()).toBe('a');
  });

  it('A broken file of another interface changes no owner', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a');
    t.write('podnet-x-lo', 'not JSON');
    await t.settle();
    expect(t.surely()).toBe('a');
    t.garble('podnet-x-lo', 'EIO: i/o error, read');
    await t.settle();
    expect(t.surely()).toBe('a');
  });

  it('At the start a broken file makes only older results uncertain', async () => {
    await using t = setup();
    t.give('s1', 'a');
    t.write(fileNameOf('x'), 'not JSON');
    t.give('s2', 'b', ['10.1.0.8']);
    await t.start();
    await t.settle();
    expect([t.surely(), t.surely('10.1.0.8')]).toEqual(['uncertain', 'b']);
  });

  it('A broken file that was read before makes its own addresses unknown, and no others', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a');
    t.give('s2', 'b', ['10.1.0.8']);
    await t.settle();
    t.garble(fileNameOf('s1'), 'EIO: i/o error, read');
    await t.settle();
    expect([t.who(), t.who('10.1.0.8'), t.says('a')]).toEqual([undefined, 'b', 'unclear']);
  });

  it('A broken file that was rewritten since it was read makes all older results uncertain', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a');
    t.give('s2', 'b', ['10.1.0.8']);
    await t.settle();
    t.write(fileNameOf('s1'), 'not JSON');
    await t.settle();
    expect([t.who(), t.surely('10.1.0.8')]).toEqual([undefined, 'uncertain']);
  });
});

describe('Newest result', () => {
  it('Only the newest result of a Pod counts, even if the file of its former sandbox stays', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a', [IP, 'fd00::7']);
    await t.settle();
    t.give('s2', 'a', ['10.1.0.8']);
    await t.settle();
    expect([t.who(), t.who('fd00::7'), t.who('10.1.0.8')]).toEqual([undefined, undefined, 'a']);
    await t.restart();
    expect([t.who(), t.who('fd00::7'), t.who('10.1.0.8')]).toEqual([undefined, undefined, 'a']);
    t.remove(fileNameOf('s2'));
    await t.settle();
    expect([t.who(), t.who('10.1.0.8'), t.says('a')]).toEqual([undefined, undefined, 'not-own']);
  });

  it('The result seen last is the newest even if the clock was set back, also after a restart that remembers', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'former');
    await t.settle();
    t.stepClock(-500_000n);
    t.give('s2', 'new');
    await t.settle();
    expect(t.who()).toBe('new');
    t.deafen();
    await t.look();
    expect(t.who()).toBe('new');
    await t.restart({ remembering: true });
    expect(t.who()).toBe('new');
  });

  it('At the start the file created last is the newest, whatever the listing order and the dates', async () => {
    await using t = setup();
    t.give('s2', 'new');
    t.give('s1', 'former');
    t.remove(fileNameOf('s2'));
    t.give('s2', 'new');
    t.date(fileNameOf('s2'), 0n);
    await t.start();
    expect(t.who()).toBe('new');
  });

  it('At the start no owner is known before all files have been looked at', async () => {
    await using t = setup();
    t.give('s1', 'former');
    t.give('s2', 'new');
    const owners = new Set<string | undefined>();
    const { read } = t.files;
    Object.assign(t.files, {
      readNow: () => 'later' as const,
      read: async (...args: Parameters<typeof read>) => {
        const found = await read(...args);
        owners.add(t.who());
        await t.clock.sleep(args[0].includes('s2') ? 1_000 : 0);
        owners.add(t.who());
        return found;
      },
    });
    const started = t.start();
    await t.clock.advance(2_000);
    await started;
    expect([...owners]).toEqual([undefined]);
    expect(t.who()).toBe('new');
  });

  it('Owners survive a directory that is unreadable for a while, and files removed during that time are released', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'former');
    t.give('s2', 'new');
    t.give('s3', 'gone', ['10.1.0.8']);
    await t.settle();
    t.close('EACCES: permission denied');
    await t.clock.advance(2_000);
    expect([t.who(), t.says('former'), t.says('new'), t.says('gone', '10.1.0.8')]).toEqual([
      undefined,
      'not-own',
      'own',
      'own',
    ]);
    t.remove(fileNameOf('s3'));
    t.stepClock(-500_000n);
    t.close(undefined);
    await t.clock.advance(2_000);
    expect([t.who(), t.says('gone', '10.1.0.8')]).toEqual(['new', 'not-own']);
  });

  it('The file created last is the newest even if another one is touched during the first scan', async () => {
    await using t = setup();
    t.give('s1', 'former');
    t.give('s2', 'new');
    const { list } = t.files;
    Object.assign(t.files, {
      list(directory: string) {
        t.date(fileNameOf('s1'), FUTURE_NS);
        return list(directory);
      },
    });
    await t.start();
    expect(t.who()).toBe('new');
  });

  it('After the directory is replaced, no address has an owner until all new files have been looked at', async () => {
    await using t = setup();
    t.give('s1', 'former');
    await t.start();
    t.deafen();
    t.give('s2', 'new');
    t.replace();
    const owners = new Set<string | undefined>();
    const { read } = t.files;
    Object.assign(t.files, {
      readNow: () => 'later' as const,
      read: async (...args: Parameters<typeof read>) => {
        const found = await read(...args);
        await t.clock.sleep(args[0].includes('s2') ? 500 : 0);
        owners.add(t.who());
        return found;
      },
    });
    await t.clock.advance(2_000);
    expect([[...owners], t.who()]).toEqual([[undefined], 'new']);
  });

  it('An address is not released if its file disappears together with the directory', async () => {
    await using t = setup();
    t.give('s1', 'a');
    await t.start();
    t.close('ENOENT: no such file or directory');
    t.remove(fileNameOf('s1'));
    await t.clock.advance(0);
    expect(t.says('a')).toBe('own');
    await t.clock.advance(2_000);
    t.replace();
    t.close(undefined);
    await t.clock.advance(2_000);
    expect([t.who(), t.says('a')]).toEqual([undefined, 'own']);
  });

  it('A result that is removed while the agent restarts is released by the next process', async () => {
    await using t = setup();
    await t.start();
    t.give('s1', 'a');
    await t.settle();
    const forgets = t.restart({ remembering: true });
    t.remove(fileNameOf('s1'));
    await forgets;
    expect([t.who(), t.says('a')]).toEqual([undefined, 'not-own']);
  });
});
