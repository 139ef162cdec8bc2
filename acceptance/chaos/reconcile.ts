import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from '@rolegate/sandbox';
import type { NodeStart, Program } from '@rolegate/sandbox';
import { eventually, outputOf, PLAIN_ENV } from '@rolegate/testing';
import { NODE } from '../network/addresses.ts';
import { listens } from '../processes/listens.ts';
import type { PreparedWorld } from './world-programs.ts';

/** The socket of `reconcile` in the world's folder. */
export const cniSocketIn = (folder: string): string => join(folder, 'cni.sock');

export interface ReconcileOptions {
  readonly onLine: (line: string) => void;
  readonly runtime?: NodeStart;
}

export interface ReconcileStart {
  /** Instead of the world's directory with CNI results. */
  readonly cniDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

/** A node's `reconcile`, which installs and repairs the rules of the network namespace of this process. */
export interface Reconcile {
  /** Starts it for the world. */
  readonly prepare: (world: PreparedWorld) => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Of the latest process. */
  readonly pid: () => number | undefined;
  /** Stops it if it runs, and starts it again. */
  readonly restart: (start?: ReconcileStart) => Promise<void>;
}

/** Does not start it yet. It stops with the stack. */
export function createReconcile(options: ReconcileOptions, stack: AsyncDisposableStack): Reconcile {
  let world: PreparedWorld | undefined;
  let running: Program | undefined;
  stack.defer(async () => running?.stop());

  async function restart(start: ReconcileStart = {}): Promise<void> {
    if (world === undefined) throw new Error('reconcile has no world yet');
    await running?.stop();
    running = startReconcile(world, start, options);
    const started = running;
    await eventually(() => started.ready(), READY);
  }

  return {
    restart,
    async prepare(prepared) {
      world = prepared;
      await mkdir(listenersIn(prepared.folder), { mode: 0o700 });
      // The rules are for this address. The Pods of this world call the agent on loopback, past the rules.
      await outputOf(['ip', 'addr', 'add', `${NODE.ipv4}/32`, 'dev', 'lo']);
      await restart();
    },
    async kill() {
      await running?.kill();
    },
    pid: () => running?.pid,
  };
}

/** Covers a busy machine. */
const READY = { withinMs: 60_000, everyMs: 100 };

const listenersIn = (folder: string) => join(folder, 'listeners');

function startReconcile(
  { folder, cni, programs }: PreparedWorld,
  { cniDirectory = cni.path, env = {}, flags = [] }: ReconcileStart,
  { onLine, runtime }: ReconcileOptions,
): Program {
  const socket = cniSocketIn(folder);
  return startProgram({
    name: 'agent',
    ...runtime,
    env: { ...PLAIN_ENV, ...runtime?.env, ...env },
    args: [
      'reconcile',
      '--host-ip',
      NODE.ipv4,
      '--port',
      String(programs.metadata.port),
      '--guarded-ports',
      String(programs.agentOpsPort),
      '--cni-socket',
      socket,
      '--listeners-dir',
      listenersIn(folder),
      '--cni-cache-dir',
      cniDirectory,
      ...flags,
    ],
    isReady: () => listens(socket),
    onLine,
  });
}
