// Runs in the namespace of a Pod: does what its input orders and prints what came of it, as JSON. It judges nothing.
import { createSocket } from 'node:dgram';
import { once, setMaxListeners } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';
import type {
  Answer,
  CrowdResult,
  CrowdOrder,
  HammerResult,
  KeptOrder,
  PodOrder,
  Sent,
} from './pod-orders.ts';

const MOST_KEPT = 5;

function sendTcp({ name, host, port, bytes }: Sent, silenceMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    let came = '';
    let end = 'closed';
    const socket = connect({ host, port });
    socket.setTimeout(silenceMs, () => {
      end = 'silent';
      socket.destroy();
    });
    socket.on('data', (chunk) => (came += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? error.message));
    socket.on('close', () => {
      resolve({ name, text: came, end });
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** Connected, so that the kernel tells of refusals. */
function sendUdp({ name, host, port, bytes }: Sent, silenceMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const done = (came: string, end: string) => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      resolve({ name, text: came, end });
    };
    const timer = setTimeout(done, silenceMs, '', 'silent');
    socket.on('message', (message) => {
      done(message.toString('latin1'), 'closed');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      done('', error.code ?? error.message);
    });
    socket.connect(port, host, () => {
      socket.send(Buffer.from(bytes, 'latin1'));
    });
  });
}

/** The first answer is told of by the name of its end alone: `unasked` where there was none. */
async function askTwice(
  { name, host, port, bytes }: Sent,
  { pauseMs, silenceMs }: KeptOrder,
): Promise<Answer> {
  const socket = connect({ host, port });
  let came = '';
  let end = 'silent';
  socket.on('data', (chunk) => (came += chunk.toString('latin1')));
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? error.message));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  socket.write(Buffer.from(bytes, 'latin1'));
  await wait(pauseMs);
  const isKept = came !== '' && end === 'silent';
  came = '';
  socket.write(Buffer.from(bytes, 'latin1'));
  await wait(silenceMs);
  socket.destroy();
  return { name, text: came, end: isKept ? end : 'unasked' };
}

/** All of them, `atOnce` at a time, in their order. */
async function sendAll({
  kind,
  sent,
  atOnce,
  silenceMs,
}: Extract<PodOrder, { kind: 'tcp' | 'udp' }>): Promise<Answer[]> {
  const send = kind === 'udp' ? sendUdp : sendTcp;
  const came: Answer[] = [];
  const rest = [...sent.entries()];
  async function work(): Promise<void> {
    for (let next = rest.shift(); next !== undefined; next = rest.shift())
      came[next[0]] = await send(next[1], silenceMs);
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return came;
}

async function hammer(order: Extract<PodOrder, { kind: 'hammer' }>): Promise<HammerResult> {
  const { sent, atOnce, silenceMs, forMs, forbidden, pauseMs = 0 } = order;
  const ends: Record<string, number> = {};
  const kept: string[] = [];
  let asked = 0;
  const until = Date.now() + forMs;
  async function work(): Promise<void> {
    for (let at = 0; Date.now() < until; at++) {
      const next = sent[at % sent.length];
      if (next === undefined) return;
      const { text: answer, end } = await sendTcp(next, silenceMs);
      asked++;
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? end;
      ends[status] = (ends[status] ?? 0) + 1;
      if (kept.length < MOST_KEPT && forbidden.some((word) => answer.includes(word))) kept.push(answer);
      // A refusal comes at once: without a pause it would be all that the machine does.
      const restMs = answer === '' ? Math.max(5, pauseMs) : pauseMs;
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return { asked, ends, forbidden: kept };
}

async function crowd({ host, port, count, withinMs }: CrowdOrder): Promise<CrowdResult> {
  const late = new AbortController();
  setMaxListeners(count, late.signal);
  let opened = 0;
  const sockets = Array.from({ length: count }, () => connect({ host, port }));
  const all = sockets.map(async (socket) => {
    socket.on('error', () => undefined);
    await once(socket, 'connect', { signal: late.signal }).then(
      () => opened++,
      () => undefined,
    );
  });
  // What has come to be by then is seen before it ends, however late this process is itself.
  const timer = setTimeout(() => {
    setImmediate(() => {
      late.abort();
    });
  }, withinMs);
  await Promise.all(all);
  clearTimeout(timer);
  for (const socket of sockets) socket.destroy();
  return { opened };
}

function obey(order: PodOrder): Promise<HammerResult | CrowdResult | readonly Answer[]> {
  switch (order.kind) {
    case 'crowd':
      return crowd(order);
    case 'hammer':
      return hammer(order);
    case 'kept':
      return Promise.all(order.sent.map((one) => askTwice(one, order)));
    case 'tcp':
    case 'udp':
      return sendAll(order);
  }
}

console.log(JSON.stringify(await obey(JSON.parse(await text(process.stdin)) as PodOrder)));
