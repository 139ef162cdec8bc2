import { createChanges } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { namedText } from '../../src/ports/named-listeners.ts';
import { followReconcile } from '../../src/reconcile/follow.ts';
import { createTestLog, until } from '../addresses/known-pods.ts';
import { createFolder, startReconcile, startScript } from './setup.ts';

/** An agent's side of the socket, on a stopped clock; the test starts reconcile. */
export async function setup() {
  const place = await createFolder();
  const { path, closing } = place;
  const clock = createFakeClock();
  const log = createTestLog();
  const naming = createChanges({ log, of: 'tests' });
  let line: string | undefined;
  let bad = 0;
  const follower = followReconcile({
    path,
    clock,
    log,
    random: () => 0,
    naming: { line: () => line, onChange: naming.on },
    badResults: (times) => {
      bad += times;
    },
  });
  let changes = 0;
  follower.onChange(() => {
    changes += 1;
  });
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  closing.push(async () => {
    stop.abort();
    await running;
  });

  return {
    path,
    clock,
    log,
    follower,
    stop,
    changes: () => changes,
    /** CNI result files that could not be read. */
    badResults: () => bad,
    /** The agent's own listeners, all on one port. */
    names(inodes: readonly number[]) {
      line = namedText({ ports: [{ host: '192.0.2.10', port: 8181 }], inodes });
      naming.notify();
    },
    lines: (message: string) => log.lines.filter(([, text]) => text === message),
    begin() {
      running = follower.run(stop.signal);
      return running;
    },
    async serve(
      results?: Parameters<typeof startReconcile>[0]['results'],
      listening?: Parameters<typeof startReconcile>[0]['listening'],
    ) {
      const reconcile = await startReconcile({
        path,
        clock,
        log,
        ...(results && { results }),
        ...(listening && { listening }),
      });
      closing.push(reconcile.stop);
      return reconcile;
    },
    async script() {
      const peer = await startScript(path);
      closing.push(peer.close);
      return peer;
    },
    /** Lets the agent connect, however long it pauses; too little time passes to affect anything else. */
    connected: () =>
      until(
        () => follower.connected,
        () => clock.advance(10),
      ),
    owns: (ip: string) => follower.owner(ip)?.uid,
    /** Waits until the end of the connection was noticed. */
    lost: () => until(() => !follower.connected),
    passes: (ms: number) => clock.advance(ms),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}
