import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createTestLog, until } from '../addresses/known-pods.ts';
import { createFolder, createTappedResults, FOLDER, IP, listenTo, startReconcile, STATE } from './setup.ts';

let opened = new AsyncDisposableStack();
let place: Awaited<ReturnType<typeof createFolder>>;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  place = opened.use(await createFolder());
});
afterEach(() => opened.disposeAsync());

function setup({ scanned = true } = {}) {
  const clock = createFakeClock();
  const log = createTestLog();
  const results = createTappedResults({ log, scanned });
  const start = async () => {
    const reconcile = await startReconcile({ path: place.path, clock, log, results });
    place.closing.push(reconcile.stop);
    return reconcile;
  };
  const listen = async () => {
    const agent = await listenTo(place.path);
    place.closing.push(() => agent.socket.destroy());
    return agent;
  };
  return { clock, log, results, start, listen };
}

const HELLO = { kind: 'hello', version: expect.any(String) };
const LAID = { kind: 'interception', ...STATE };
const DIRECTORIES = { kind: 'directories', states: { [FOLDER]: 'ok' } };
const SYNCED = { kind: 'synced' };

function result(uid: string, mtimeNs: string, ips: readonly string[] = [IP]) {
  return {
    kind: 'result',
    file: `${FOLDER}/${uid}`,
    uid,
    namespace: 'shop',
    name: `pod-${uid}`,
    ips,
    mtimeNs,
    createdNs: mtimeNs,
  };
}

describe('Reconcile', () => {
  it('Reconcile sends each agent the snapshot, and then the changes', async () => {
    const t = setup();
    t.results.give('gone');
    t.results.takeBack('gone');
    t.results.give('a');
    await t.start();
    const first = await t.listen();
    await until(() => first.kinds().includes('synced'));
    const snapshot = [HELLO, LAID, DIRECTORIES, { kind: 'returned', pod: 'gone' }, result('a', '2'), SYNCED];
    expect(first.messages()).toEqual(snapshot);
    t.results.give('b', ['10.1.0.8']);
    t.results.takeBack('a');
    t.results.forget('b');
    const changes = [
      result('b', '3', ['10.1.0.8']),
      { kind: 'freed', file: `${FOLDER}/a` },
      { kind: 'removed', file: `${FOLDER}/b` },
    ];
    await until(() => first.kinds().at(-1) === 'removed');
    expect(first.messages()).toEqual([...snapshot, ...changes]);
    const second = await t.listen();
    await until(() => second.kinds().includes('synced'));
    expect(second.kinds()).toEqual([
      'hello',
      'interception',
      'directories',
      'returned',
      'returned',
      'synced',
    ]);
  });

  it('The snapshot of reconcile does not give back an address that a newer file took', async () => {
    const t = setup();
    t.results.give('former');
    t.results.give('new');
    t.results.takeBack('new');
    await t.start();
    const agent = await t.listen();
    await until(() => agent.kinds().includes('synced'));
    expect(agent.messages()).toContainEqual({ ...result('former', '1', []), lost: [IP] });
  });

  it('Reconcile sends no snapshot before it has scanned the directories', async () => {
    const t = setup({ scanned: false });
    await t.start();
    const agent = await t.listen();
    await until(() => agent.kinds().length === 2);
    t.results.give('a');
    await t.clock.advance(1_000);
    await until(() => agent.kinds().length === 4);
    expect(agent.kinds()).toEqual(['hello', 'interception', 'alive', 'alive']);
    t.results.finishScan();
    await until(() => agent.kinds().includes('synced'));
    expect(agent.kinds().slice(4)).toEqual(['directories', 'result', 'synced']);
  });

  it('Reconcile sends something every 500 ms, and reports a change of the interception at once', async () => {
    const t = setup();
    const { interception } = await t.start();
    const agent = await t.listen();
    await until(() => agent.kinds().includes('synced'));
    for (const count of [1, 2, 3]) {
      await t.clock.advance(500);
      await until(() => agent.kinds().filter((kind) => kind === 'alive').length === count);
    }
    interception.set({ layers: { ...STATE.layers, nat: false } });
    await until(() => agent.kinds().at(-1) === 'interception');
    expect(agent.messages().at(-1)).toMatchObject({ layers: { nat: false, filter: true } });
  });

  it('Reconcile disconnects only an agent that does not read; a new connection gets a snapshot', async () => {
    const t = setup();
    await t.start();
    const [stuck, reading] = [await t.listen(), await t.listen()];
    await until(() => stuck.kinds().includes('synced') && reading.kinds().includes('synced'));
    stuck.socket.pause();
    const dropped = () => t.log.lines.some(([, message]) => message === 'slow agent disconnected');
    let pods = 0;
    await until(dropped, async () => {
      for (let count = 0; count < 500; count += 1)
        t.results.give(`uid-${(pods += 1)}-${'x'.repeat(200)}`, [
          `10.${pods >> 16}.${(pods >> 8) & 255}.${pods & 255}`,
        ]);
      await until(() => reading.kinds().filter((kind) => kind === 'result').length === pods);
    });
    expect(t.log.lines.filter(([, message]) => message === 'slow agent disconnected')).toHaveLength(1);
    t.results.give('last');
    await until(() => reading.messages().at(-1)?.['uid'] === 'last');
    const again = await t.listen();
    await until(() => again.kinds().includes('synced'));
  });

  it('Reconcile sends a snapshot of 10,000 results to two agents at once', async () => {
    const t = setup();
    for (let pod = 0; pod < 10_000; pod += 1) {
      const ip = `10.${pod >> 16}.${(pod >> 8) & 255}.${pod & 255}`;
      t.results.give(`00000000-0000-4000-8000-${String(pod).padStart(12, '0')}`, [ip]);
    }
    await t.start();
    const agents = [await t.listen(), await t.listen()];
    await until(() => agents.every((agent) => agent.kinds().at(-1) === 'synced'));
    for (const agent of agents)
      expect(agent.kinds().filter((kind) => kind === 'result')).toHaveLength(10_000);
  });

  it('Reconcile serves 40 agents that send data and leave, one after the other', async () => {
    const t = setup();
    await t.start();
    for (let count = 0; count < 40; count += 1) {
      const agent = await t.listen();
      await until(() => agent.kinds().includes('synced'));
      agent.socket.end(Buffer.alloc(200_000));
      await once(agent.socket, 'close');
    }
  });

  it('Reconcile sends nothing more once it is stopping, even if its parts forget results', async () => {
    const t = setup();
    t.results.give('a');
    const { stop } = await t.start();
    const agent = await t.listen();
    await until(() => agent.kinds().includes('synced'));
    const closed = once(agent.socket, 'close');
    const stopped = stop();
    t.results.forget('a');
    await Promise.all([stopped, closed]);
    expect(agent.kinds().at(-1)).toBe('synced');
  });
});

describe('Reconcile socket', () => {
  it('The socket of reconcile is open to every user', async () => {
    const t = setup();
    await t.start();
    expect((await stat(place.path)).mode & 0o777).toBe(0o666);
  });

  it('The socket of reconcile replaces one that a previous process left', async () => {
    const left = createServer();
    left.listen({ path: place.path });
    await once(left, 'listening');
    place.closing.push(() => left.close());
    const t = setup();
    await t.start();
    const agent = await t.listen();
    await until(() => agent.kinds().includes('synced'));
  });

  it('The socket of reconcile is not removed by a previous process that ends late', async () => {
    const t = setup();
    const former = await t.start();
    await t.start();
    await former.stop();
    const agent = await t.listen();
    await until(() => agent.kinds().includes('synced'));
  });

  it('The socket of reconcile never replaces a file that is not a socket', async () => {
    await writeFile(place.path, 'precious');
    const t = setup();
    await expect(t.start()).rejects.toThrow(
      /exists and is not a socket; remove it, or give --cni-socket another path/,
    );
    expect(await readFile(place.path, 'utf8')).toBe('precious');
  });

  it('Reconcile fails with ENOENT if the directory of its socket does not exist', async () => {
    place.path = `${place.folder}/none/reader.sock`;
    const t = setup();
    await expect(t.start()).rejects.toThrow('ENOENT');
  });

  it('An agent that sends a megabyte does not disturb other agents', async () => {
    const t = setup();
    await t.start();
    const agent = connect({ path: place.path });
    agent.on('error', () => undefined);
    place.closing.push(() => agent.destroy());
    await once(agent, 'connect');
    agent.write(Buffer.alloc(1_000_000, 'x'));
    const other = await t.listen();
    await until(() => other.kinds().includes('synced'));
  });
});
