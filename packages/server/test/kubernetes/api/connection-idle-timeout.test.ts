import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { OverdueError, IdleTimeoutError } from '../../../src/kubernetes/api/api-error.ts';
import { readText } from '../../../src/kubernetes/api/lines.ts';
import { serve as setup } from './connection-setup.ts';
import { eventually } from '../setup.ts';

describe('Request timeouts', () => {
  it('A request fails if no response begins within its timeout', async () => {
    const clock = createFakeClock();
    let asked = 0;
    await using api = await setup({ listener: () => (asked += 1), clock });
    const outcome = api.request({ timeoutMs: 5000 }).catch((error: unknown) => error);
    await eventually(() => asked === 1);
    await clock.advance(5000);
    expect(await outcome).toEqual(new OverdueError('list pods: no complete response after 5 s'));
  });

  it('A stream that is kept open fails once it has been silent for its idle timeout, and not before', async () => {
    const clock = createFakeClock();
    let send: (text: string) => unknown = () => undefined;
    await using api = await setup({
      clock,
      listener: (_request, response) => {
        send = (text) => response.write(text);
        send('a');
      },
    });
    const { chunks, keepOpen } = await api.request({ timeoutMs: 5000 });
    keepOpen(5000);
    const read: string[] = [];
    const outcome = (async () => {
      for await (const chunk of chunks) read.push(chunk.toString());
    })().catch((error: unknown) => error);
    for (const text of ['b', 'c', 'd']) {
      await eventually(() => read.length > 0);
      read.length = 0;
      await clock.advance(4000);
      send(text);
    }
    await eventually(() => read.length > 0);
    await clock.advance(5000);
    expect(await outcome).toBeInstanceOf(IdleTimeoutError);
    expect(clock.pending).toBe(0);
  });

  it('A request fails if its response is incomplete after the timeout, even if a byte is received every second', async () => {
    const clock = createFakeClock();
    let send: () => unknown = () => undefined;
    await using api = await setup({
      clock,
      listener: (_request, response) => {
        send = () => response.write('a');
        send();
      },
    });
    const { chunks } = await api.request({ timeoutMs: 5000 });
    let read = 0;
    const outcome = (async () => {
      for await (const chunk of chunks) read += chunk.length;
    })().catch((error: unknown) => error);
    for (let second = 1; second <= 5; second += 1) {
      await eventually(() => read === second);
      await clock.advance(1000);
      send();
    }
    expect(await outcome).toEqual(new OverdueError('list pods: no complete response after 5 s'));
  });

  it('A request may take as much longer as its time was extended', async () => {
    const clock = createFakeClock();
    await using api = await setup({ clock, listener: (_request, response) => response.write('a') });
    const { chunks, extend } = await api.request({ timeoutMs: 5000 });
    let over = false;
    const outcome = readText(chunks, 100).catch((error: unknown) => {
      over = true;
      return error;
    });
    await clock.advance(4000);
    extend(2000);
    extend(1000);
    await clock.advance(3999);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual(new OverdueError('list pods: no complete response after 8 s'));
  });

  it('A request that is kept open outlives its timeout, and fails after 60 s without a byte', async () => {
    const clock = createFakeClock();
    await using api = await setup({ clock, listener: (_request, response) => response.write('a') });
    const { chunks, keepOpen } = await api.request({ timeoutMs: 5000 });
    const outcome = readText(chunks, 10).catch((error: unknown) => error);
    keepOpen(60_000);
    await clock.advance(59_000);
    expect(clock.pending).toBe(1);
    await clock.advance(60_000);
    expect(await outcome).toEqual(new IdleTimeoutError('list pods: no byte for 60 s'));
  });

  it('A stream that breaks before it is read fails only when it is read', async () => {
    await using api = await setup({
      listener: (_request, response) => {
        response.write('a', () => setImmediate(() => response.destroy()));
      },
    });
    const { chunks } = await api.request();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(readText(chunks, 10)).rejects.toThrow('aborted');
  });

  it('The connection of a stream is closed if its reader leaves early', async () => {
    let open = 0;
    await using api = await setup({
      listener: (_request, response) => {
        open += 1;
        response.on('close', () => (open -= 1)).write('a\n');
      },
    });
    const { chunks } = await api.request();
    for await (const chunk of chunks) {
      expect(chunk.toString()).toBe('a\n');
      break;
    }
    await eventually(() => open === 0);
  });

  it.each(['before', 'during'])(
    'A request ends if its signal is aborted %s the request, and leaves no timer',
    async (when) => {
      const clock = createFakeClock();
      const stop = new AbortController();
      let asked = 0;
      await using api = await setup({ listener: () => (asked += 1), clock });
      if (when === 'before') stop.abort();
      const outcome = api.request({ signal: stop.signal }).catch((error: unknown) => error);
      if (when === 'during') {
        await eventually(() => asked === 1);
        stop.abort();
      }
      expect(await outcome).toMatchObject({ name: 'AbortError' });
      expect(clock.pending).toBe(0);
    },
  );
});
