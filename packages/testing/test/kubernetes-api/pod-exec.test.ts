import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { ExecHandler, PodProgram } from '../../src/kubernetes-api/pod-exec.ts';
import { eventually, setupApi } from './client.ts';

const pods = [{ metadata: { name: 'app', namespace: 'team-a' } }];

/** An API server whose Pods run programs like this, and the client library. */
async function setup(exec?: ExecHandler) {
  const base = await setupApi({ pods, ...(exec && { exec }) });
  const config = new KubeConfig();
  config.loadFromString(base.api.kubeconfig());
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const ended = Promise.withResolvers<V1Status>();
  const connect = (pod: string, container: string, ...command: string[]) =>
    new Exec(config).exec(
      'team-a',
      pod,
      container,
      command,
      stdout,
      stderr,
      null,
      false,
      ended.resolve,
    ) as Promise<{
      readonly protocol: string;
      close(): void;
    }>;
  return { ...base, connect, outputs, status: ended.promise };
}

/** The library rejects with the event of its WebSocket. */
async function errorOf(connecting: Promise<unknown>): Promise<string> {
  const error: unknown = await connecting.catch((event: unknown) => event);
  return (error as { message: string }).message;
}

describe('Programs in Pods', () => {
  it('A program gets its command, and its output and exit code come back', async () => {
    const programs: PodProgram[] = [];
    const long = 'ä'.repeat(50_000);
    await using api = await setup((program) => {
      programs.push(program);
      return Promise.resolve({ stdout: long, stderr: 'no', code: 3 });
    });
    const socket = await api.connect('app', 'main', 'status', '--pod', 'a/b c');
    expect(socket.protocol).toBe('v5.channel.k8s.io');
    expect(await api.outputs).toEqual([long, 'no']);
    expect(await api.status).toMatchObject({
      status: 'Failure',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    expect(programs).toEqual([
      { namespace: 'team-a', pod: 'app', container: 'main', command: ['status', '--pod', 'a/b c'] },
    ]);
  });

  it('A program that ends with 0 is a success', async () => {
    await using api = await setup(() => Promise.resolve({ stdout: 'yes', stderr: '', code: 0 }));
    await api.connect('app', 'main', 'status');
    expect(await api.status).toMatchObject({ status: 'Success' });
  });

  it('A program that does not exist is an error', async () => {
    await using api = await setup();
    await api.connect('app', 'main', 'status');
    expect((await api.status).message).toContain('exec: "status": executable file not found in $PATH');
  });

  it('A program that never ends is told when its client disconnects', async () => {
    let gone = false;
    await using api = await setup((_program, signal) => {
      signal.addEventListener('abort', () => (gone = true));
      return new Promise(() => undefined);
    });
    const socket = await api.connect('app', 'main', 'status');
    socket.close();
    await eventually(() => gone);
  });

  it.each([
    { what: 'a Pod that does not exist', pod: 'gone', container: 'main', status: 404 },
    { what: 'a container that does not exist', pod: 'app', container: 'other', status: 400 },
  ])('A program in $what is refused', async ({ pod, container, status }) => {
    await using api = await setup();
    expect(await errorOf(api.connect(pod, container, 'status'))).toContain(`${status}`);
  });

  it('A program is refused without the right to it, and while the server refuses everything', async () => {
    await using api = await setup();
    api.api.refuse(503);
    expect(await errorOf(api.connect('app', 'main', 'status'))).toContain('503');
    api.api.refuse(undefined);
    api.api.forbidden.add('create pods/exec');
    expect(await errorOf(api.connect('app', 'main', 'status'))).toContain('403');
  });
});
