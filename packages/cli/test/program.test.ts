import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, stamped } from './log-lines.ts';
import { startStandInCluster } from './stand-in-cluster.ts';
import type { StandInCluster, StandInPod } from './stand-in-cluster.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** As the bundle is to be started: without it, the heap grows by 90 MB of garbage before V8 collects it. */
const NODE_FLAG = '--max-semi-space-size=4';
/** 150 MB, of which a bundle takes about half before it reads a line. Megabytes. */
const MOST_GROWTH = 75;
/** Writes the highest memory of the process to stderr. Kilobytes. */
const REPORT = `data:text/javascript,process.on('exit',()=>{process.stderr.write('maxRSS '+process.resourceUsage().maxRSS)})`;
const LINES = 10_000;
const NODES = ['a', 'b', 'c'];

/** An agent whose every line is about another Pod, so that nothing is folded. */
function busyAgent(node: string, shift: number): StandInPod {
  const lines = Array.from({ length: LINES }, (_, at) =>
    stamped(
      at * NODES.length + shift,
      refusal({ pod: `cart-${node}-${at}`, requestId: `${node}${at}`, uid: 'u'.repeat(36) }),
    ),
  );
  return { name: `agent-${node}`, node, component: 'agent', logs: { agent: lines } };
}

describe('the program kubectl-rolegate', () => {
  let cluster: StandInCluster | undefined;
  let folder = '';

  beforeAll(async () => {
    cluster = await startStandInCluster(NODES.map(busyAgent));
    folder = await mkdtemp(join(tmpdir(), 'kubectl-rolegate-'));
    await writeFile(join(folder, 'config'), kubeconfig(cluster.url));
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts the program from its sources. */
  function start(...words: string[]) {
    const child = spawn(
      process.execPath,
      [NODE_FLAG, '--conditions=development', '--import', REPORT, MAIN, ...words],
      {
        env: { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'config') },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const stderr = { text: '' };
    child.stderr.on('data', (chunk: Buffer) => (stderr.text += chunk.toString()));
    return { child, stderr, ended: once(child, 'close') as Promise<[number | null]> };
  }

  it("merges three agents' 30,000 lines in order and within 75 MB", async () => {
    const idle = start('logs', '--node', 'none');
    await idle.ended;
    const { child, stderr, ended } = start('logs');
    const times: string[] = [];
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (!line.endsWith('(UTC)')) times.push(line.slice(0, 12));
    });
    expect((await ended)[0]).toBe(0);
    expect(times).toHaveLength(NODES.length * LINES);
    expect(times).toEqual([...times].sort());
    expect(memoryOf(stderr.text) - memoryOf(idle.stderr.text)).toBeLessThan(MOST_GROWTH);
  });

  it('ends without an error when the reader closes the pipe', async () => {
    const { child, stderr, ended } = start('logs', '-o', 'json');
    child.stdout.once('data', () => {
      child.stdout.destroy();
    });
    expect((await ended)[0]).toBe(0);
    expect(stderr.text).toMatch(/^maxRSS \d+$/);
  });
});

/** Megabytes. */
function memoryOf(stderr: string): number {
  return Number(/maxRSS (\d+)/.exec(stderr)?.[1]) / 1_024;
}

function kubeconfig(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'stand-in',
    clusters: [{ name: 'stand-in', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'stand-in', user: { token: 'stand-in' } }],
    contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'stand-in' } }],
  });
}
