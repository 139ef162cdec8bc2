import { runGroup } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { createCniResults } from '../addresses/cni-results.ts';
import type { InterceptionConfig } from '../config/interception-flags.ts';
import { interceptionOf } from './intercept.ts';
import { runCommand } from '../interception/commands.ts';
import { followCommand, followKernelEvents } from '../interception/kernel-events.ts';
import { createKeeper } from '../interception/keeper.ts';
import { createListenerNotes } from '../ports/listener-notes.ts';
import { readListeningSockets } from '../ports/listening-sockets.ts';
import { createPortWatch } from '../ports/port-watch.ts';
import { createBadResults } from '../reconcile/bad-results.ts';
import { serveSubscribers } from '../reconcile/serve.ts';

export interface ReconcileDeps {
  readonly config: InterceptionConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Repairs the rules and tells the agent which Pod owns which IP until the signal aborts. The rules remain. */
export async function runReconcile(
  { config, clock, log, random }: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const { interception } = interceptionOf(config, log);
  const badResults = createBadResults({ log });
  const results = createCniResults({
    directories: config.cniCacheDirs,
    metrics: { badCniResult: badResults.add },
    clock,
    log,
  });
  const keeper = createKeeper({
    ...config.plan,
    interception,
    run: runCommand,
    clock,
    log,
    podIps: () => results.ips(),
  });
  const services: Service[] = [
    { name: 'rules', run: keeper.run },
    {
      name: 'kernel events',
      run: (group) =>
        followKernelEvents(
          {
            follow: followCommand,
            clock,
            log,
            random,
            containerCredentials: config.plan.containerCredentials,
            changed: keeper.changed,
          },
          group,
        ),
    },
    { name: 'CNI results', run: results.run },
  ];
  const { cniSocket: path, listenersDir } = config;
  if (path !== undefined) {
    const notes = listenersDir === undefined ? undefined : createListenerNotes(listenersDir);
    const ports = createPortWatch({ read: readListeningSockets, notes, clock, log });
    const subscribers = serveSubscribers({
      path,
      results,
      badResults,
      interception: keeper,
      ports,
      clock,
      log,
    });
    await subscribers.listen();
    log.info('reconcile listening', { socket: path });
    services.push({ name: 'reconcile', run: subscribers.run }, { name: 'listeners', run: ports.run });
  }
  await runGroup(services, signal);
  log.info('reconcile stopped');
}
