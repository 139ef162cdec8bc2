// Runs in a Pod's namespace: performs the task that it reads from its input and prints the result as JSON.
import { createSocket } from 'node:dgram';
import { once, setMaxListeners } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';
import type {
  Answer,
  ConnectResult,
  ConnectTask,
  HammerResult,
  ResendTask,
  PodTask,
  PodRequest,
} from './pod-tasks.ts';

const MOST_KEPT = 5;

function sendTcp({ name, host, port, bytes }: PodRequest, silenceMs: number): Promise<Answer> {
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

/** The socket is connected so that the kernel reports refusals. */
function sendUdp({ name, host, port, bytes }: PodRequest, silenceMs: number): Promise<Answer> {
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

/** Returns only the second answer; its end is `unanswered` if the first request got no answer. */
async function askTwice(
  { name, host, port, bytes }: PodRequest,
  { pauseMs, silenceMs }: ResendTask,
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
  return { name, text: came, end: isKept ? end : 'unanswered' };
}

/** Sends all requests, `atOnce` at a time, and keeps their order. */
async function sendAll({
  kind,
  requests,
  atOnce,
  silenceMs,
}: Extract<PodTask, { kind: 'tcp' | 'udp' }>): Promise<Answer[]> {
  const send = kind === 'udp' ? sendUdp : sendTcp;
  const came: Answer[] = [];
  const rest = [...requests.entries()];
  async function work(): Promise<void> {
    for (let next = rest.shift(); next !== undefined; next = rest.shift())
      came[next[0]] = await send(next[1], silenceMs);
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return came;
}

async function hammer(task: Extract<PodTask, { kind: 'hammer' }>): Promise<HammerResult> {
  const { requests, atOnce, silenceMs, forMs, forbidden, pauseMs = 0 } = task;
  const ends: Record<string, number> = {};
  const kept: string[] = [];
  let asked = 0;
  const until = Date.now() + forMs;
  async function work(): Promise<void> {
    for (let at = 0; Date.now() < until; at++) {
      const next = requests[at % requests.length];
      if (next === undefined) return;
      const { text: answer, end } = await sendTcp(next, silenceMs);
      asked++;
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? end;
      ends[status] = (ends[status] ?? 0) + 1;
      if (kept.length < MOST_KEPT && forbidden.some((word) => answer.includes(word))) kept.push(answer);
      // Refusals come immediately: without a pause the loop would keep the machine busy.
      const restMs = answer === '' ? Math.max(5, pauseMs) : pauseMs;
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return { asked, ends, forbidden: kept };
}

async function connectMany({ host, port, count, withinMs }: ConnectTask): Promise<ConnectResult> {
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
  // Connections established by then are counted before the abort, even if this process is late.
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

function perform(task: PodTask): Promise<HammerResult | ConnectResult | readonly Answer[]> {
  switch (task.kind) {
    case 'connect':
      return connectMany(task);
    case 'hammer':
      return hammer(task);
    case 'resend':
      return Promise.all(task.requests.map((one) => askTwice(one, task)));
    case 'tcp':
    case 'udp':
      return sendAll(task);
  }
}

console.log(JSON.stringify(await perform(JSON.parse(await text(process.stdin)) as PodTask)));
