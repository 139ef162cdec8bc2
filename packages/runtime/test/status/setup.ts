import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, createStatusServer } from '@rolegate/runtime';
import type { Clock, ReadyCheck, StatusAnswer } from '@rolegate/runtime';

/** A status server with its own socket and log. */
export async function startStatus({
  checks = [],
  status = () => ({ found: true, text: 'all is well\n', value: { well: true } }),
  clock,
}: {
  readonly checks?: readonly ReadyCheck[];
  readonly status?: (asked: URLSearchParams) => StatusAnswer | Promise<StatusAnswer>;
  readonly clock?: Clock;
} = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-status-'));
  const path = join(folder, 'x.sock');
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) });
  const server = createStatusServer({ checks, status, log, ...(clock && { clock }) });
  await server.listen(path);
  return {
    folder,
    path,
    lines,
    log,
    server,
    /** Sends raw bytes and keeps the connection open. Resolves with everything that comes back. */
    async raw(bytes: string): Promise<string> {
      const socket = connect({ path }).setEncoding('latin1');
      let answer = '';
      socket.on('data', (chunk: string) => (answer += chunk)).on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
