import { stat, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createFakeClock } from '@rolegate/testing';
import type { FakeClock } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { createStatusServer, openStatusSocket, silentLog, StatusSocketFault } from '@rolegate/runtime';
import { askStatus } from '../../src/status/ask.ts';
import { startStatus } from './setup.ts';

/** For a request, and again for reading its answer. Milliseconds. */
const WITHIN_MS = 5_000;
const OPTIONS = { checks: [], status: () => ({ found: true, text: 'other\n', value: {} }), log: silentLog };

async function get(path: string, target: string) {
  return askStatus({ socket: path, method: 'GET', target });
}

/** Advances the clock a tenth of a second per poll of the sockets until `done`. */
async function passUntil(clock: FakeClock, done: Promise<unknown>): Promise<void> {
  const passed = done.then(() => true);
  while (!(await Promise.race([passed, setImmediate(false)]))) await clock.advance(100);
}

/** `once` would reject on a reset. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

describe('Status socket', () => {
  it("The status socket returns the program's status as text, or as JSON if asked to", async () => {
    await using t = await startStatus();
    expect(await get(t.path, '/status?')).toEqual({ status: 200, body: 'all is well\n' });
    expect(await get(t.path, '/status?json=')).toEqual({ status: 200, body: '{\n  "well": true\n}\n' });
  });

  it('The status socket passes on what is asked for, and answers 404 if it is not known', async () => {
    const status = (asked: URLSearchParams) => ({
      found: false,
      text: `no ${asked.get('pod') ?? ''}\n`,
      value: {},
    });
    await using t = await startStatus({ status });
    expect(await get(t.path, '/status?pod=a%2Fb')).toEqual({ status: 404, body: 'no a/b\n' });
  });

  it('The status socket returns the text of /readyz', async () => {
    await using t = await startStatus({ checks: [{ name: 'table', ready: () => 'not yet' }] });
    expect(await get(t.path, '/readyz')).toEqual({ status: 503, body: 'not ready: table\n' });
    expect(await get(t.path, '/readyz?verbose')).toMatchObject({
      body: '[-]table not yet\nnot ready: table\n',
    });
  });

  it('A status that throws is answered 500, and the next request is served', async () => {
    let broken = true;
    const status = () => {
      if (broken) throw new Error('a reading failed');
      return { found: true, text: 'good\n', value: {} };
    };
    await using t = await startStatus({ status });
    expect(await get(t.path, '/status')).toEqual({
      status: 500,
      body: 'status failed: a reading failed\n',
    });
    broken = false;
    expect(await get(t.path, '/status')).toEqual({ status: 200, body: 'good\n' });
  });

  it('A status that takes several turns is answered when it is there, or with 500 if it fails', async () => {
    const slow = async (asked: URLSearchParams) => {
      await setImmediate();
      if (asked.has('bad')) throw new Error('a reading failed');
      return { found: false, text: 'nobody\n', value: {} };
    };
    await using t = await startStatus({ status: slow });
    expect(await get(t.path, '/status')).toEqual({ status: 404, body: 'nobody\n' });
    expect(await get(t.path, '/status?bad')).toEqual({
      status: 500,
      body: 'status failed: a reading failed\n',
    });
  });

  it('The status socket changes the log level and back, and logs that at any level', async () => {
    await using t = await startStatus();
    const put = (body: string) => askStatus({ socket: t.path, method: 'PUT', target: '/log-level', body });
    expect(await put('error')).toEqual({ status: 200, body: 'error\n' });
    t.log.warn('not written');
    expect(await put('debug')).toEqual({ status: 200, body: 'debug\n' });
    t.log.debug('written');
    expect(await get(t.path, '/log-level')).toEqual({ status: 200, body: 'debug\n' });
    expect(await put('loud')).toEqual({
      status: 400,
      body: 'unknown level; use one of debug, info, warn, error\n',
    });
    expect(t.lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ msg: 'log level changed', from: 'info', to: 'error' }),
      expect.objectContaining({ msg: 'log level changed', from: 'error', to: 'debug' }),
      expect.objectContaining({ msg: 'written' }),
    ]);
  });
});

describe('Bad input on the status socket', () => {
  it.each([
    { what: 'no HTTP', bytes: '\0\x01\x02\r\n\r\n', status: 400 },
    {
      what: 'a path of 1 MB',
      bytes: `GET /${'x'.repeat(1_048_576)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      status: 431,
    },
    {
      what: 'a body of 1 MB',
      bytes: `PUT /log-level HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n${'x'.repeat(1_048_576)}`,
      status: 413,
    },
    { what: 'another page', bytes: 'GET /etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n', status: 404 },
    { what: 'another method', bytes: 'POST /status HTTP/1.1\r\nhost: x\r\n\r\n', status: 405 },
    { what: 'a bad escape', bytes: 'GET /status?%E0%A4%A HTTP/1.1\r\nhost: x\r\n\r\n', status: 200 },
  ])('The status socket answers $status to $what, and serves the next request', async ({ bytes, status }) => {
    await using t = await startStatus();
    // A client that is still writing when the server has closed may see a reset instead of the answer.
    expect(await t.raw(bytes)).toMatch(new RegExp(`^(?:HTTP/1\\.1 ${status} |$)`));
    expect(await get(t.path, '/status')).toMatchObject({ status: 200 });
  });

  it('A request that never ends is closed in time, and the next one is served', async () => {
    const clock = createFakeClock();
    await using t = await startStatus({ clock });
    const slow = connect({ path: t.path }).on('error', () => undefined);
    const trickle = setInterval(() => slow.write('x'), 5);
    slow.write('GET /status HTTP/1.1\r\nx: ');
    slow.resume();
    await passUntil(clock, closed(slow));
    clearInterval(trickle);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(WITHIN_MS);
    expect(await get(t.path, '/status')).toMatchObject({ status: 200 });
  });

  it('The status socket keeps at most 16 silent connections, and closes those after a while', async () => {
    const clock = createFakeClock();
    await using t = await startStatus({ clock });
    const silent = Array.from({ length: 40 }, () => {
      const socket = connect({ path: t.path }).on('error', () => undefined);
      return { socket: socket.resume(), over: closed(socket) };
    });
    let ended = 0;
    const most = new Promise<void>((resolve) => {
      for (const { socket } of silent) {
        socket.once('close', () => {
          ended += 1;
          if (ended === 24) resolve();
        });
      }
    });
    await most;
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    expect(ended).toBe(24);
    await passUntil(clock, Promise.all(silent.map(({ over }) => over)));
    expect(await get(t.path, '/status')).toMatchObject({ status: 200 });
  });

  it('A half-closed request is answered or dropped, and the next one is served', async () => {
    await using t = await startStatus();
    const socket = connect({ path: t.path, allowHalfOpen: true }).on('error', () => undefined);
    socket.end('GET /status HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.resume();
    await closed(socket);
    expect(await get(t.path, '/status')).toMatchObject({ status: 200 });
  });
});

describe('Status socket path', () => {
  it('The status socket is accessible to its own user alone', async () => {
    await using t = await startStatus();
    const { mode } = await stat(t.path);
    expect((mode & 0o777).toString(8)).toBe('600');
  });

  it('The status socket path of a dead process is taken over', async () => {
    await using t = await startStatus();
    await t.server.close();
    const next = createStatusServer(OPTIONS);
    await next.listen(t.path);
    expect(await get(t.path, '/status')).toEqual({ status: 200, body: 'other\n' });
    await next.close();
  });

  it('A status socket path of a live process, or with a file that is not a socket, is not taken over', async () => {
    await using t = await startStatus();
    const next = createStatusServer(OPTIONS);
    const fault = await next.listen(t.path).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StatusSocketFault);
    const file = join(t.folder, 'file');
    await writeFile(file, 'precious');
    await symlink(file, join(t.folder, 'link'));
    for (const name of ['file', 'link', 'no/folder'])
      await expect(next.listen(join(t.folder, name))).rejects.toBeInstanceOf(StatusSocketFault);
    expect(await get(t.path, '/status')).toMatchObject({ status: 200, body: 'all is well\n' });
    await next.close();
  });

  it('A given path of the status socket must be usable, and the default path may fail', async () => {
    await using t = await startStatus();
    const server = createStatusServer(OPTIONS);
    const nowhere = join(t.folder, 'no', 'x.sock');
    await openStatusSocket(server, { given: undefined, fallback: nowhere, log: t.log });
    expect(JSON.parse(t.lines[0] ?? '')).toMatchObject({
      level: 'info',
      msg: 'status socket not available',
      error: expect.stringMatching(/^cannot create the status socket .*no\/x\.sock: .*ENOENT/),
    });
    const given = openStatusSocket(server, { given: nowhere, fallback: t.path, log: t.log });
    await expect(given).rejects.toBeInstanceOf(StatusSocketFault);
    await server.close();
  });
});
