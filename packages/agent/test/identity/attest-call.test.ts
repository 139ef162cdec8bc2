import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAttestCall } from '../../src/identity/attest-call.ts';

const REQUEST = { token: 'token', certificateRequest: Buffer.alloc(0) };
/** Far longer than grpc-js pauses before it reconnects. Milliseconds. */
const LATER_MS = 60_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0).reverse()) await close();
});

/** Closes each connection at once, and counts them. */
async function startClosing() {
  const seen = { connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => undefined).destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { seen, port: (server.address() as AddressInfo).port };
}

describe('Attest call', () => {
  it('A failed call for a certificate leaves nothing behind that keeps reconnecting to the server', async () => {
    const { seen, port } = await startClosing();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    const insecure = credentials.createInsecure();
    const call = createAttestCall({
      credentials: { bare: insecure, shown: insecure },
      serverName: undefined,
    });
    const address = { host: '127.0.0.1', port, name: '127.0.0.1' };
    const asked = call(
      { kind: 'attestation', address, shows: 'nothing' },
      REQUEST,
      new AbortController().signal,
    );
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' });
    await vi.advanceTimersByTimeAsync(LATER_MS);
    // Ours arrives after any that was started earlier.
    const own = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(own, 'close');
    // One more is by grpc-js: a connection closed while it waits is retried once.
    expect(seen.connections).toBeLessThanOrEqual(3);
  });
});
