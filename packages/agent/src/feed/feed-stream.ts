import type { AgentReport, FeedUpdateRead, HelloRead } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerAddress } from './server-addresses.ts';

/** The agent tries another server if there is no answer within this time. */
const HELLO_WITHIN_MS = 5_000;
/** A snapshot must be complete within this time, whatever its size. */
const SYNCED_WITHIN_MS = 30_000;
/** The fraction of a stream's announced maximum age after which the next one is opened, before the server ends it. */
const RENEW_AT = 0.9;

const RESTORED =
  'Expected after etcd was restored from a backup. Otherwise check that all servers use the same cluster.';

/** One open feed, as in grpc-js. */
export interface FeedCall {
  write(report: AgentReport): boolean;
  end(): void;
  cancel(): void;
  on(event: 'data', listener: (update: FeedUpdateRead) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

export interface FeedStreamDeps {
  /** Opens a feed to one address; errors arrive as the call's `error` event. `close` ends its connection. */
  readonly open: (address: ServerAddress) => { call: FeedCall; close: () => void };
  /** The first report of a stream: the node, and what the agent has cached. */
  readonly firstReport: () => AgentReport;
  readonly apply: (update: FeedUpdateRead) => void;
  /** The API server was restored to an older state: resourceVersions seen so far no longer count. */
  readonly forget: () => void;
  /** How far the agent's clock is ahead of the server's. */
  readonly clockSkew: (skewMs: number, server: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FeedStream {
  /** The address, for logs. */
  readonly server: string;
  /** The first update has arrived. */
  readonly begun: () => boolean;
  /** Rejects if the stream fails before its snapshot is complete. */
  readonly synced: Promise<void>;
  /** Resolves when it is time to open the replacement stream. */
  readonly old: Promise<void>;
  /** Resolves with the error that ended the stream; undefined if the agent ended it. */
  readonly over: Promise<Error | undefined>;
  readonly send: (report: AgentReport) => void;
  /** Its further updates are ignored. */
  readonly mute: () => void;
  readonly close: () => void;
}

/** Opens a feed to one server. `begun` is called at its first update, before it is applied. */
export function openFeedStream(deps: FeedStreamDeps, address: ServerAddress, begun: () => void): FeedStream {
  const { clock } = deps;
  const server = `${address.host}:${address.port}`;
  const synced = Promise.withResolvers<undefined>();
  const old = Promise.withResolvers<undefined>();
  const over = Promise.withResolvers<Error | undefined>();
  synced.promise.catch(() => undefined); // also handled by the caller that awaits it
  const { call, close } = deps.open(address);
  const deadline = createDeadline(clock, end);
  let cancelOld: (() => void) | undefined;
  const reception = createReception({ server, begin, apply: deps.apply, complete });

  function end(error?: Error): void {
    deadline.clear();
    // It would keep the call and its channel for half an hour.
    cancelOld?.();
    reception.mute();
    synced.reject(error ?? new Error('the stream was closed'));
    over.resolve(error);
    call.cancel();
    close();
  }

  function begin(hello: HelloRead): void {
    noteHello(hello, server, deps);
    deadline.set(
      SYNCED_WITHIN_MS,
      `the snapshot of ${server} was not complete within ${SYNCED_WITHIN_MS} ms`,
    );
    if (hello.streamEndsInMs > 0) {
      cancelOld = clock.schedule(hello.streamEndsInMs * RENEW_AT, () => {
        old.resolve(undefined);
      });
    }
    begun();
    if (hello.forget) forget(hello, server, deps);
  }

  function complete(): void {
    deadline.clear();
    synced.resolve(undefined);
  }

  deadline.set(HELLO_WITHIN_MS, `${server} did not answer within ${HELLO_WITHIN_MS} ms`);
  listen(call, { server, take: reception.take, end });
  call.write(deps.firstReport());

  return {
    server,
    begun: reception.begun,
    synced: synced.promise,
    old: old.promise,
    over: over.promise,
    send: (report) => void call.write(report),
    mute: reception.mute,
    close: () => {
      end();
    },
  };
}

/** Checks the order that the protocol requires: a hello, then the other updates. */
function createReception({
  server,
  begin,
  apply,
  complete,
}: {
  readonly server: string;
  readonly begin: (hello: HelloRead) => void;
  readonly apply: (update: FeedUpdateRead) => void;
  /** The snapshot is complete. */
  readonly complete: () => void;
}) {
  let muted = false;
  let begun = false;
  return {
    take: (update: FeedUpdateRead): void => {
      if (muted) return;
      if (update.hello) {
        begun = true;
        begin(update.hello);
        return;
      }
      if (!begun) throw new Error(`${server} did not begin with a hello`);
      apply(update);
      if (update.update === 'synced') complete();
    },
    begun: () => begun,
    mute: () => {
      muted = true;
    },
  };
}

function noteHello(
  { serverTimeMs, version, serverName }: HelloRead,
  server: string,
  { clock, log, clockSkew }: FeedStreamDeps,
): void {
  clockSkew(clock.now() - serverTimeMs, server);
  log.debug('feed opened', { server, serverName, version });
}

function forget({ serverName }: HelloRead, server: string, deps: FeedStreamDeps): void {
  deps.log.warn('API server was restored to an older state', { server, serverName, hint: RESTORED });
  deps.forget();
}

function listen(
  call: FeedCall,
  {
    server,
    take,
    end,
  }: { server: string; take: (update: FeedUpdateRead) => void; end: (error: Error) => void },
): void {
  call.on('data', (update) => {
    try {
      take(update);
    } catch (cause) {
      end(new Error('an update of the feed could not be applied', { cause }));
    }
  });
  call.on('error', end);
  call.on('end', () => {
    end(new Error(`${server} ended the stream`));
  });
}

/** One deadline at a time for the next step of a stream. */
function createDeadline(clock: Pick<Clock, 'schedule'>, missed: (error: Error) => void) {
  let cancel: (() => void) | undefined;
  return {
    set(withinMs: number, message: string) {
      cancel?.();
      cancel = clock.schedule(withinMs, () => {
        missed(new Error(message));
      });
    },
    clear() {
      cancel?.();
    },
  };
}
