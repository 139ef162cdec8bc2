import type { Writable } from 'node:stream';
import { Exec } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';
import type { ExecHandler } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { createExecs } from '../../src/cluster/exec.ts';
import { startStandInCluster } from '../stand-in-cluster.ts';

type ExecCall = Exec['exec'];

const program = {
  namespace: 'rolegate',
  pod: 'agent-a',
  container: 'agent',
  command: ['rolegate-agent', 'status'],
};
const { signal } = new AbortController();

/** Runs the program against an exec that does this with its streams. */
function setup(behave: (stdout: Writable | null, finished: (status: V1Status) => void) => void, limits = {}) {
  const closed: number[] = [];
  const call = (...given: Parameters<ExecCall>) => {
    const [, , , , stdout, , , , finished] = given;
    behave(stdout, finished ?? (() => undefined));
    return Promise.resolve({ close: () => closed.push(1) });
  };
  const exec = createExecs({ exec: { exec: call }, ...limits });
  return { closed, outcome: exec(program, signal) };
}

/** As the API server sends it when a program ends with this code. */
function exitStatus(code: string): V1Status {
  return JSON.parse(
    `{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"${code}"}]}}`,
  ) as V1Status;
}

/** A cluster whose agent runs programs like this. */
function startCluster(exec?: ExecHandler) {
  const agent = { name: 'agent-a', node: 'a', component: 'agent', logs: { agent: [] } } as const;
  return startStandInCluster([agent], { exec });
}

describe('a program run in a Pod', () => {
  it('ends with its output and exit code, and the connection is closed', async () => {
    const { outcome, closed } = setup((stdout, finished) => {
      stdout?.write('{}');
      finished(exitStatus('1'));
    });
    expect(await outcome).toEqual({ kind: 'exited', code: 1, stdout: '{}', stderr: '' });
    expect(closed).toEqual([1]);
  });

  it('fails if it does not end in time', async () => {
    const { outcome } = setup(() => undefined, { timeoutMs: 10 });
    expect(await outcome).toEqual({ kind: 'failed', fault: 'no answer within 0.01 s' });
  });

  it('fails if its output is too long', async () => {
    const { outcome } = setup((stdout) => stdout?.write('12345'), { longestOutput: 4 });
    expect(await outcome).toEqual({ kind: 'failed', fault: 'its output is too long' });
  });

  it('gets its command by WebSocket, and its output is whole', async () => {
    const long = 'ü'.repeat(100_000);
    await using cluster = await startCluster(() => Promise.resolve({ stdout: long, stderr: 'no', code: 1 }));
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig) });
    expect(await exec(program, signal)).toEqual({ kind: 'exited', code: 1, stdout: long, stderr: 'no' });
    expect(cluster.requests).toEqual([
      '/api/v1/namespaces/rolegate/pods/agent-a/exec?stdout=true&stderr=true&stdin=false&tty=false&command=rolegate-agent&command=status&container=agent',
    ]);
  });

  it('fails if its Pod does not have it', async () => {
    await using cluster = await startCluster();
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig) });
    expect(await exec(program, signal)).toMatchObject({
      kind: 'failed',
      fault: expect.stringContaining('"rolegate-agent": executable file not found'),
    });
  });

  it('is forbidden without the right to create pods/exec', async () => {
    await using cluster = await startCluster();
    cluster.forbidden.add('create pods/exec');
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig) });
    expect(await exec(program, signal)).toEqual({ kind: 'forbidden' });
  });

  it('fails and is stopped if it never answers', async () => {
    const stopped = Promise.withResolvers<undefined>();
    await using cluster = await startCluster((_program, gone) => {
      gone.addEventListener('abort', () => {
        stopped.resolve(undefined);
      });
      return new Promise(() => undefined);
    });
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig), timeoutMs: 500 });
    expect(await exec(program, signal)).toEqual({ kind: 'failed', fault: 'no answer within 0.5 s' });
    await stopped.promise;
  });

  it.each([
    ['a Pod that is gone', { ...program, pod: 'agent-z' }, 'its Pod is gone'],
    [
      'a container that its Pod does not have',
      { ...program, container: 'none' },
      'its container does not run, or does not exist',
    ],
  ])('fails in %s, which the API server refuses', async (_, refused, fault) => {
    await using cluster = await startCluster();
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig) });
    expect(await exec(refused, signal)).toEqual({ kind: 'failed', fault });
  });

  it('fails if the API server accepts the connection and says nothing', async () => {
    await using cluster = await startCluster();
    cluster.api.hang();
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig), timeoutMs: 50 });
    expect(await exec(program, signal)).toEqual({ kind: 'failed', fault: 'no answer within 0.05 s' });
  });

  it('fails if nobody listens', async () => {
    const cluster = await startCluster();
    await cluster[Symbol.asyncDispose]();
    const exec = createExecs({ exec: new Exec(cluster.kubeConfig) });
    expect(await exec(program, signal)).toMatchObject({
      kind: 'failed',
      fault: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
