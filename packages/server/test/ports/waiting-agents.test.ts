import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { agentPod, attested, startAttestedServer, tokenOf } from '../identity/attested-server.ts';
import { bareTls, silentTcp } from './attackers.ts';

/** As many as a port has handshakes in progress. */
const OTHERS = 64;
/** Silent connections are closed after 3 s; on a slow machine they are opened again. Milliseconds. */
const SOON_MS = 2_000;

const addressOf = (at: number) => `127.0.5.${at + 1}`;

it("An agent waits until another agent's handshake ends, and completes its own, whose first bytes came before", async () => {
  await using server = await startAttestedServer();
  for (let at = 0; at <= OTHERS; at += 1) {
    const ip = addressOf(at);
    const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }] };
    server.api.apply({ kind: 'Pod', ...agentPod(`node-${at}`), status });
  }
  server.start();
  await server.ready();
  const certificate = await attested(server, tokenOf(server.api, 'node-a'));
  const from = (at: number) => ({ port: server.port, localAddress: addressOf(at) });

  /** Agents have all handshakes, and then a stranger comes. The first of them that is closed. */
  async function crowd(): Promise<{
    readonly agents: Socket[];
    readonly first: string;
  }> {
    const openedMs = performance.now();
    const agents = await Promise.all(Array.from({ length: OTHERS }, (_, at) => silentTcp(from(at))));
    const closed = agents.map((agent) => closing(agent).then(() => 'agent'));
    const stranger = await silentTcp({ port: server.port, localAddress: '127.0.6.1' });
    const refused = closing(stranger).then(() => 'stranger');
    const first = await Promise.race([refused, ...closed]);
    return performance.now() - openedMs < SOON_MS || first === 'stranger' ? { agents, first } : crowd();
  }

  const { agents, first } = await crowd();
  expect(first).toBe('stranger');
  const waiting = bareTls(from(OTHERS), certificate);
  // By then the server has accepted the connection and has its first bytes.
  await closing(await silentTcp({ port: server.port, localAddress: '127.0.6.2' }));
  agents[0]?.destroy();
  const socket = await waiting;
  expect([socket.closed, socket.getProtocol(), socket.alpnProtocol]).toEqual([false, 'TLSv1.3', 'h2']);
  for (const one of [socket, ...agents]) one.destroy();
});

/** Unlike `once`, also after an error or if it is closed already. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once('close', () => {
      resolve();
    });
  });
}
