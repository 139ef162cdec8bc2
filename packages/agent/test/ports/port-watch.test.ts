import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createListenerNotes } from '../../src/ports/listener-notes.ts';
import type { ListeningSocket } from '../../src/ports/listening-sockets.ts';
import { createPortWatch } from '../../src/ports/port-watch.ts';
import { createTestLog, until } from '../addresses/known-pods.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const PORTS = [{ host: '192.0.2.10', port: 8181 }];
const socket = (inode: number, uid = 1000): ListeningSocket => ({
  address: '192.0.2.10',
  port: 8181,
  uid,
  inode,
});
const FOREIGN = { address: '192.0.2.10', port: 8181, uid: 1000 };
const SAID = 'foreign listener on an agent port';

/** A node with a directory for notes; `watch` is `reconcile` of one agent Pod. */
async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'notes-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const node: { listening: readonly ListeningSocket[] | Error } = { listening: [] };
  let reads = 0;

  function watch({ notes = folder, hears = true } = {}) {
    const clock = createFakeClock();
    const log = createTestLog();
    const ports = createPortWatch({
      read() {
        reads += 1;
        const { listening } = node;
        return listening instanceof Error ? Promise.reject(listening) : Promise.resolve(listening);
      },
      notes: hears ? createListenerNotes(notes) : undefined,
      clock,
      log,
    });
    const stop = new AbortController();
    const running = ports.run(stop.signal);
    const end = async () => {
      stop.abort();
      await running;
    };
    closing.push(end);
    return {
      ports,
      clock,
      log,
      end,
      async look() {
        const before = reads;
        await until(() => clock.pending === 1);
        await clock.advance(10_000);
        await until(() => reads === before + 1 && clock.pending === 1);
      },
      said: (message: string) =>
        log.lines.filter(([, text]) => text === message).map(([, , fields]) => fields),
      agent: (...inodes: readonly number[]) => {
        const agent = {};
        ports.named(agent, { ports: PORTS, inodes });
        return agent;
      },
    };
  }
  return { folder, node, watch, reads: () => reads };
}

describe('Port watch', () => {
  it('A foreign listener is reported once after two checks, and again when it has closed', async () => {
    const { node, watch } = await setup();
    const t = watch();
    let changes = 0;
    t.ports.onChange(() => {
      changes += 1;
    });
    expect(t.ports.current()).toBeUndefined();
    t.agent(1);
    node.listening = [socket(1), socket(2)];
    await t.look();
    expect([t.ports.current(), changes]).toEqual([[], 1]);
    await t.look();
    await t.look();
    expect([t.ports.current(), changes]).toEqual([[FOREIGN], 2]);
    expect(t.said(SAID)).toEqual([{ ...FOREIGN, hint: expect.stringContaining('ss -tlnpe') }]);
    node.listening = [socket(1)];
    await t.look();
    expect([t.ports.current(), changes, t.said(`${SAID} closed`)]).toEqual([[], 3, [FOREIGN]]);
  });

  it('Two agents of a surge are not foreign to each other, as each reads the notes of the other', async () => {
    const { node, watch, folder } = await setup();
    const [former, next] = [watch(), watch()];
    former.agent(1);
    next.agent(2);
    node.listening = [socket(1), socket(2)];
    for (let count = 0; count < 3; count += 1) for (const one of [former, next]) await one.look();
    expect([former.ports.current(), next.ports.current()]).toEqual([[], []]);
    node.listening = [socket(2), socket(3)];
    await former.end();
    expect(await readdir(folder)).toHaveLength(1);
    for (let count = 0; count < 2; count += 1) await next.look();
    expect(next.ports.current()).toEqual([FOREIGN]);
  });

  it('An agent that has just stopped or was restarted is not reported', async () => {
    const { node, watch } = await setup();
    const t = watch();
    const agent = t.agent(1);
    node.listening = [socket(1)];
    await t.look();
    t.ports.left(agent);
    await t.look();
    node.listening = [socket(2)];
    await t.look();
    t.agent(2);
    await t.look();
    await t.look();
    expect([t.ports.current(), t.log.lines]).toEqual([[], []]);
  });

  it('The ports of an agent that has ended are still checked', async () => {
    const { node, watch } = await setup();
    const t = watch();
    t.ports.left(t.agent(1));
    node.listening = [socket(2)];
    await t.look();
    await t.look();
    expect(t.ports.current()).toEqual([FOREIGN]);
  });

  it('Listener notes are removed once their agent no longer listens, and kept while it does even if their writer was killed', async () => {
    const { node, watch, folder } = await setup();
    const note = (inode: number) => JSON.stringify({ kind: 'listeners', ports: PORTS, inodes: [inode] });
    await writeFile(join(folder, 'listeners-00000000000000aa'), note(8));
    await writeFile(join(folder, 'listeners-00000000000000bb'), note(9));
    const t = watch();
    t.agent(1);
    node.listening = [socket(1), socket(8)];
    await t.look();
    await t.look();
    expect(t.ports.current()).toEqual([]);
    const left = await readdir(folder);
    expect(left).toHaveLength(2);
    expect(left).toContain('listeners-00000000000000aa');
  });

  it('The ports are checked every 10 s, and not more often', async () => {
    const { watch, reads } = await setup();
    const t = watch();
    t.agent(1);
    await t.look();
    t.agent(2);
    await t.clock.advance(9_999);
    expect(reads()).toBe(1);
    await t.clock.advance(1);
    await until(() => reads() === 2);
  });

  it('A socket table that cannot be read is logged once, and later checks still run', async () => {
    const { node, watch } = await setup();
    const t = watch();
    t.agent(1);
    node.listening = new Error('EIO');
    await t.look();
    await t.look();
    expect(t.said('cannot check for foreign listeners on agent ports')).toEqual([
      { error: 'EIO', hint: expect.any(String) },
    ]);
    node.listening = [socket(1), socket(2)];
    await t.look();
    await t.look();
    expect(t.ports.current()).toEqual([FOREIGN]);
  });
});

describe('Missing notes', () => {
  const after = async (options: (folder: string) => Promise<object>) => {
    const { node, watch, folder } = await setup();
    const t = watch(await options(folder));
    t.agent(1);
    node.listening = [socket(1), socket(2)];
    for (let count = 0; count < 29; count += 1) await t.look();
    const early = t.ports.current();
    for (let count = 0; count < 3; count += 1) await t.look();
    return {
      early,
      late: t.ports.current(),
      said: t.said('cannot read listener lists of other agents').length,
    };
  };

  it('A listener is reported only after five minutes if notes are not read', async () => {
    expect(await after(() => Promise.resolve({ hears: false }))).toEqual({
      early: [],
      late: [FOREIGN],
      said: 0,
    });
  });

  it('A listener is reported only after five minutes if other users can write to the directory of notes', async () => {
    const shared = async (folder: string) => {
      await chmod(folder, 0o777);
      return {};
    };
    expect(await after(shared)).toMatchObject({ early: [], late: [FOREIGN], said: expect.any(Number) });
  });

  it('A listener is reported only after five minutes if the directory of notes is missing, which is logged', async () => {
    const { early, late, said } = await after((folder) => Promise.resolve({ notes: join(folder, 'none') }));
    expect([early, late]).toEqual([[], [FOREIGN]]);
    expect(said).toBeGreaterThan(0);
  });
});

it('A note that is broken, too long, a link or a directory is ignored, and other notes are still read', async () => {
  const { folder } = await setup();
  const good = JSON.stringify({ kind: 'listeners', ports: PORTS, inodes: [1] });
  const bad = [
    '',
    'x',
    '{"kind":"listeners"}',
    '{"kind":"listeners","ports":[{"host":"x","port":1}],"inodes":[1]}',
    '{"kind":"listeners","ports":[],"inodes":[0]}',
    `${good}${' '.repeat(5_000)}`,
    JSON.stringify({ kind: 'listeners', ports: [], inodes: Array.from({ length: 65 }, () => 1) }),
  ];
  const name = (at: number) => join(folder, `listeners-${String(at).padStart(16, '0')}`);
  for (const [at, text] of bad.entries()) await writeFile(name(at), text);
  await writeFile(join(folder, 'other'), good);
  await symlink(join(folder, 'other'), name(20));
  await mkdir(name(21));
  await writeFile(name(22), good);
  const read = await createListenerNotes(folder).read();
  expect([...read]).toEqual([['listeners-0000000000000022', { ports: PORTS, inodes: [1] }]]);
});
