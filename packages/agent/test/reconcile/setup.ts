import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChanges } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';
import { createResultTap } from '../../src/addresses/result-tap.ts';
import { createBadResults } from '../../src/reconcile/bad-results.ts';
import { createLines } from '../../src/reconcile/lines.ts';
import { lineOf, LONGEST_LINE } from '../../src/reconcile/messages.ts';
import { createPortWatch } from '../../src/ports/port-watch.ts';
import type { ListenerNotes } from '../../src/ports/listener-notes.ts';
import type { ListeningSocket } from '../../src/ports/listening-sockets.ts';
import type { InterceptionState } from '../../src/interception/state.ts';
import type { ReconcileMessage } from '../../src/reconcile/messages.ts';
import { serveSubscribers } from '../../src/reconcile/serve.ts';

/** All layers are installed. */
export const STATE: InterceptionState = {
  backend: 'nft',
  layers: { nat: true, filter: true, route: true, input: true, ports: true },
  repairs: { nat: 1, filter: 0, route: 2, input: 0, ports: 0, link: 0 },
  packets: { nat: 10, filter: 1, route: 0, input: 10, ports: 0 },
  refusedConnections: 4,
  connectionsLimited: true,
  foreignRules: 0,
  unmatchedInterfaces: 1,
};

export const FOLDER = '/var/lib/cni/results';
export const IP = '10.1.0.7';

/** A temporary directory for sockets; `closing` is run first. */
export async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'reader-'));
  const closing: (() => unknown)[] = [];
  return {
    folder,
    path: join(folder, 'reader.sock'),
    closing,
    async [Symbol.asyncDispose]() {
      for (const close of closing.splice(0).reverse()) await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** CNI results in memory, with a real tap. */
export function createTappedResults({ log, scanned = true }: { log: Log; scanned?: boolean }) {
  const owners = createAddressOwners();
  const states = { [FOLDER]: 'ok' as const };
  const { tell, tellFile, ...tap } = createResultTap({ owners, states: () => states, log });
  const ready = Promise.withResolvers<undefined>();
  const state = { scanned };
  if (scanned) ready.resolve(undefined);
  let written = 0n;
  return {
    owners,
    tap,
    ready: ready.promise,
    get scanned() {
      return state.scanned;
    },
    finishScan() {
      state.scanned = true;
      ready.resolve(undefined);
    },
    give(uid: string, ips: readonly string[] = [IP], file = uid) {
      written += 1n;
      const result = { uid, namespace: 'shop', name: `pod-${uid}`, ips };
      const now = { turn: Number(written), createdNs: 0n };
      const told = { result, mtimeNs: written, createdNs: written };
      for (const loser of owners.set(`${FOLDER}/${file}`, told, now)) tellFile(loser);
      if (!tellFile(`${FOLDER}/${file}`)) tell({ kind: 'freed', file: `${FOLDER}/${file}` });
    },
    /** The file exists but has not been read yet. */
    notice(file: string) {
      written += 1n;
      owners.learn(`${FOLDER}/${file}`, { turn: Number(written), createdNs: 0n });
    },
    takeBack(file: string) {
      if (owners.free(`${FOLDER}/${file}`)) tell({ kind: 'freed', file: `${FOLDER}/${file}` });
    },
    forget(file: string) {
      if (owners.forget(`${FOLDER}/${file}`)) tell({ kind: 'removed', file: `${FOLDER}/${file}` });
    },
    garble(file: string, anything = false) {
      written += 1n;
      owners.unreadable(`${FOLDER}/${file}`, anything, { turn: Number(written), createdNs: 0n });
      tellFile(`${FOLDER}/${file}`);
    },
  };
}

function createMemoryInterception(log: Log) {
  const changes = createChanges({ log, of: 'tests' });
  let state = STATE;
  return {
    current: () => state,
    onChange: changes.on,
    set(next: Partial<InterceptionState>) {
      state = { ...state, ...next };
      changes.notify();
    },
  };
}

const NO_OTHER_AGENT: ListenerNotes = {
  write: () => Promise.resolve(),
  read: () => Promise.resolve(new Map()),
  remove: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** The socket server as reconcile runs it. `stop` ends it like its process. */
export async function startReconcile(options: {
  path: string;
  clock: Clock;
  log: Log;
  results?: ReturnType<typeof createTappedResults>;
  /** What listens on the node. */
  listening?: () => readonly ListeningSocket[];
}) {
  const { path, clock, log } = options;
  const results = options.results ?? createTappedResults({ log });
  const interception = createMemoryInterception(log);
  const { listening = () => [] } = options;
  const read = () => Promise.resolve(listening());
  const ports = createPortWatch({ read, notes: NO_OTHER_AGENT, clock, log });
  const badResults = createBadResults({ log });
  const reconcile = serveSubscribers({ path, results, badResults, interception, ports, clock, log });
  await reconcile.listen();
  const stop = new AbortController();
  const running = Promise.all([reconcile.run(stop.signal), ports.run(stop.signal)]);
  return {
    results,
    badResults,
    interception,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** An agent that only collects messages. */
export async function listenTo(path: string) {
  const socket = connect({ path });
  const messages: Record<string, unknown>[] = [];
  const take = createLines({
    longest: LONGEST_LINE,
    line: (text) => void messages.push(JSON.parse(text) as Record<string, unknown>),
    tooLong: () => undefined,
  });
  socket.on('data', take);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, messages: () => messages, kinds: () => messages.map(({ kind }) => kind) };
}

/** A peer in place of reconcile that sends what the test says. */
export async function startScript(path: string) {
  const agents: Socket[] = [];
  let said = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    agents.push(socket);
  });
  await rm(path, { force: true });
  server.listen({ path });
  await once(server, 'listening');
  return {
    agents,
    /** From all agents. */
    heard: () => said,
    /** To the agent that came last. */
    say: (...messages: readonly ReconcileMessage[]) => agents.at(-1)?.write(messages.map(lineOf).join('')),
    raw: (text: string | Buffer) => agents.at(-1)?.write(text),
    hangUp: () => agents.at(-1)?.destroy(),
    close: async () => {
      for (const agent of agents) agent.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
