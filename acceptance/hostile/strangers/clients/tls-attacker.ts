// A stranger, or the holder of a stolen node's certificate, that abuses TLS and HTTP/2.
import { randomBytes } from 'node:crypto';
import { constants, connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import { rolegateService } from '@rolegate/protocol';
import { serveCalls } from '../../../processes/serve-calls.ts';
import type { TlsBehavior, TlsAttackerCalls, TlsAttack, TlsAttackResult } from '../calls.ts';
import { floodOf, hello, PREFACE } from './frames.ts';

const TICK_MS = 10;
/** Limit for handshakes in progress. */
const MOST_BEGUN = 500;
/** A connection counts as open after this time: a busy attacker learns late that the server has closed it. Milliseconds. */
const SETTLED_MS = 300;
/** Per connection. The attestation port accepts no more. */
const CALLS_AT_ONCE = { Attest: 2, ReviewToken: 32 };
/** The prefix of a gRPC message: compression flag and length. */
const PREFIX_BYTES = 5;

interface Attack {
  readonly options: TlsAttack;
  readonly context: SecureContext;
  readonly answers: Record<string, number>;
  sentBytes: number;
}

async function attack(options: TlsAttack): Promise<TlsAttackResult> {
  const running: Attack = { options, context: contextOf(options), answers: {}, sentBytes: 0 };
  const begun = new Set<TLSSocket>();
  /** With the time of the handshake's end. */
  const open = new Map<TLSSocket, number>();
  let [tried, secured, mostOpen] = [0, 0, 0];

  function begin(): void {
    const at = tried++;
    const socket = connection(running, at);
    begun.add(socket);
    socket.on('error', () => undefined);
    socket.once('secureConnect', () => {
      begun.delete(socket);
      open.set(socket, performance.now());
      secured++;
      act(socket, running, at);
    });
    socket.once('close', () => {
      begun.delete(socket);
      open.delete(socket);
      running.sentBytes += socket.bytesWritten;
    });
  }

  const startMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < options.forMs; elapsedMs = performance.now() - startMs) {
    const allowed = (elapsedMs * options.opensPerSecond) / 1_000 + 1;
    while (begun.size + open.size < options.connections && begun.size < MOST_BEGUN && tried < allowed)
      begin();
    await sleep(TICK_MS);
    mostOpen = Math.max(mostOpen, settledAmong(open.values()));
  }
  for (const socket of [...begun, ...open.keys()]) socket.destroy();
  await sleep(TICK_MS);
  const { sentBytes, answers } = running;
  return { tried, secured, mostOpen, sentBytes, answers };
}

/** How many of the connections have been open for some time. */
function settledAmong(sinceMs: Iterable<number>): number {
  const nowMs = performance.now();
  return [...sinceMs].filter((one) => nowMs - one >= SETTLED_MS).length;
}

function contextOf({ identity, tls }: TlsAttack): SecureContext {
  const shown = identity === undefined ? {} : { cert: identity.cert, key: identity.key };
  const version = tls === '1.2' ? 'TLSv1.2' : 'TLSv1.3';
  return createSecureContext({ ...shown, minVersion: version, maxVersion: version });
}

function connection({ options, context }: Attack, at: number): TLSSocket {
  const { addresses, sources, port, serverName } = options;
  const host = addresses[at % addresses.length] ?? '127.0.0.1';
  const source = sources?.[at % sources.length];
  const socket = connectTcp(source === undefined ? { host, port } : { host, port, localAddress: source });
  socket.on('error', () => undefined);
  return connectTls({
    socket,
    secureContext: context,
    servername: serverName,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
}

function act(socket: TLSSocket, running: Attack, at: number): void {
  const { behavior } = running.options;
  if (behavior.kind === 'unfinished') sendUnfinished(socket, behavior);
  else if (behavior.kind === 'tokens') showTokens(socket, running, behavior);
  else if (behavior.kind === 'streams') openStreams(socket, behavior.count);
  else {
    socket.resume();
    if (behavior.kind === 'part of the preface') socket.write(PREFACE.slice(0, PREFACE.length / 2));
    if (behavior.kind === 'preface') socket.write(hello());
    if (behavior.kind === 'flood') flood(socket, behavior, at);
  }
}

function flood(socket: TLSSocket, { floods }: Extract<TlsBehavior, { kind: 'flood' }>, at: number): void {
  const kind = floods[at % floods.length];
  if (kind === undefined) return;
  const next = floodOf(kind, rolegateService.Attest.path);
  socket.write(hello());
  const more = () => {
    const piece = socket.destroyed ? undefined : next();
    if (piece === undefined) socket.destroy();
    else socket.write(piece, (error) => error ?? setImmediate(more));
  };
  more();
}

function session(socket: TLSSocket): ClientHttp2Session {
  const made = connectHttp2('https://rolegate-server', {
    createConnection: () => socket,
    // Ignores the server's stream limit.
    peerMaxConcurrentStreams: 10_000,
  });
  made.on('error', () => undefined);
  return made;
}

function request(made: ClientHttp2Session, path: string) {
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_TE, HTTP2_HEADER_CONTENT_TYPE } = constants;
  const stream = made.request({
    [HTTP2_HEADER_METHOD]: 'POST',
    [HTTP2_HEADER_PATH]: path,
    [HTTP2_HEADER_TE]: 'trailers',
    [HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  });
  stream.on('error', () => undefined);
  return stream;
}

/** Sends messages without their last byte. */
function sendUnfinished(
  socket: TLSSocket,
  { method, streams, bytes }: Extract<TlsBehavior, { kind: 'unfinished' }>,
): void {
  const made = session(socket);
  const body = message(Buffer.alloc(bytes, 'x')).subarray(0, -1);
  for (let at = 0; at < streams; at++) {
    const stream = request(made, method);
    stream.resume();
    stream.write(body);
  }
}

function openStreams(socket: TLSSocket, count: number): void {
  const made = session(socket);
  for (let at = 0; at < count; at++) {
    const stream = request(made, rolegateService.Feed.path);
    stream.resume();
    stream.write(Buffer.alloc(1));
  }
}

function message(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const tokenRequests = {
  Attest: (token: string) =>
    rolegateService.Attest.requestSerialize({ token, certificateRequest: Buffer.alloc(100) }),
  ReviewToken: (token: string) => rolegateService.ReviewToken.requestSerialize({ token }),
};

function showTokens(
  socket: TLSSocket,
  running: Attack,
  options: Extract<TlsBehavior, { kind: 'tokens' }>,
): void {
  const { tokens, callsEach, method = 'Attest' } = options;
  const made = session(socket);
  const count = (answer: string) => (running.answers[answer] = (running.answers[answer] ?? 0) + 1);
  made.once('close', () => socket.destroy());
  const { path } = rolegateService[method];
  let [begun, over] = [0, 0];

  function next(): void {
    if (over === callsEach) made.destroy();
    if (begun === callsEach || made.destroyed) return;
    begun++;
    const token = unlikeOthers(tokens[Math.floor(Math.random() * tokens.length)] ?? '');
    const stream = request(made, path);
    let answer = 'no answer';
    const read = ({ 'grpc-status': status }: IncomingHttpHeaders) => {
      if (typeof status === 'string') answer = `status ${status}`;
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.once('close', () => {
      over++;
      count(answer);
      next();
    });
    stream.resume();
    stream.end(message(tokenRequests[method](token)));
  }

  for (let at = 0; at < CALLS_AT_ONCE[method]; at++) next();
}

/** Makes tokens that end in `#` unique. */
function unlikeOthers(token: string): string {
  return token.endsWith('#') ? token.slice(0, -1) + randomBytes(32).toString('base64url') : token;
}

/** Captures the ClientHello of this process's TLS library. */
async function clientHello(serverName: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.once('data', resolve).on('error', () => undefined));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', servername: serverName, minVersion: 'TLSv1.3' });
  client.on('error', () => undefined);
  const summary = await promise;
  client.destroy();
  server.close();
  return summary.toString('latin1');
}

serveCalls({ attack, clientHello } satisfies TlsAttackerCalls);
