import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { createExecs } from '../../src/cluster/exec.ts';

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
  const call = (...[, , , , stdout, , , , finished]: Parameters<ExecCall>) => {
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

/** An API server that does this with a WebSocket's handshake. */
async function startApi(answer: (socket: Duplex) => void) {
  const paths: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer().on('upgrade', (request, socket) => {
    paths.push(request.url);
    answer(socket);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const kubeConfig = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeConfig.loadFromClusterAndUser(
    { name: 'x', server: url, skipTLSVerify: true },
    { name: 'x', token: 'x' },
  );
  return {
    paths,
    kubeConfig,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
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

  it('is forbidden without the right to create pods/exec', async () => {
    await using api = await startApi((socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'),
    );
    const exec = createExecs({ exec: new Exec(api.kubeConfig) });
    expect(await exec(program, signal)).toEqual({ kind: 'forbidden' });
    expect(api.paths).toEqual([
      '/api/v1/namespaces/rolegate/pods/agent-a/exec?stdout=true&stderr=true&stdin=false&tty=false&command=rolegate-agent&command=status&container=agent',
    ]);
  });

  it('fails if the API server accepts the connection and says nothing', async () => {
    await using api = await startApi(() => undefined);
    const exec = createExecs({ exec: new Exec(api.kubeConfig), timeoutMs: 50 });
    expect(await exec(program, signal)).toEqual({ kind: 'failed', fault: 'no answer within 0.05 s' });
  });

  it('fails if nobody listens', async () => {
    const api = await startApi(() => undefined);
    await api[Symbol.asyncDispose]();
    const exec = createExecs({ exec: new Exec(api.kubeConfig) });
    expect(await exec(program, signal)).toMatchObject({
      kind: 'failed',
      fault: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
