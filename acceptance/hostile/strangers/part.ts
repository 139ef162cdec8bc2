import { startChild } from '../../processes/start-child.ts';
import type { TcpAttackerCalls } from '../clients/calls.ts';
import { openCluster } from '../cluster/cluster.ts';
import { openEnvironment } from '../cluster/environment.ts';
import type { StandInCalls } from '../cluster/calls.ts';
import { startServerWatchers } from '../cluster/watch/watchers.ts';
import { createPart } from '../part.ts';
import type { RunOptions } from '../part.ts';
import { strangersHead } from './judge.ts';
import type { TlsAttackerCalls } from './calls.ts';
import { strangersSteps } from './all-steps.ts';
import type { StrangersWorld } from './step.ts';
import { createStrangersWatchers } from './watch/watchers.ts';
import { addedAddresses, STRANGERS_ADDRESS } from './world/agent-nodes.ts';
import { openAgents } from './world/agents.ts';
import { applyEmptyAuthority } from './world/authority.ts';

/** Attacks on a server's ports by clients without a certificate or with that of a stolen node. */
export const strangersPart = createPart({
  report: 'test:hostile strangers',
  head: strangersHead,
  steps: strangersSteps,
  open: openWorld,
});

async function openWorld(
  { durationFactor, bundles }: Pick<RunOptions, 'durationFactor' | 'bundles'>,
  stack: AsyncDisposableStack,
): Promise<StrangersWorld> {
  const environment = stack.use(
    await openEnvironment({ name: `rgs${process.pid}`, bundles, addresses: addedAddresses }),
  );
  const script = new URL('../cluster/clients/stand-in.ts', import.meta.url);
  const through = [...environment.groups.api.enter, ...environment.enter];
  const standIn = stack.use(await startChild<StandInCalls>(script, { through })).call;
  const { kubeconfig, port: apiPort } = await standIn.where(undefined);
  await applyEmptyAuthority(standIn);
  const identity = 'own authority';
  const cluster = await openCluster(
    environment,
    { name: 'server', api: standIn, apiPort, kubeconfig, identity },
    stack,
  );
  const agents = await openAgents(cluster, standIn, stack);
  const watchers = createStrangersWatchers(await startServerWatchers(cluster, stack), agents.call);
  const first = await startAttacker<TlsAttackerCalls>('clients/tls-attacker.ts');
  const second = await startAttacker<TlsAttackerCalls>('clients/tls-attacker.ts');
  const tcpAttacker = await startAttacker<TcpAttackerCalls>('../clients/tcp-attacker.ts');
  const stolen = await agents.steal({ name: 'stolen', address: STRANGERS_ADDRESS });
  const tlsAttackers = [first.call, second.call] as const;
  return {
    ...environment,
    cluster,
    standIn,
    agents,
    watchers,
    tlsAttackers,
    tcpAttacker: tcpAttacker.call,
    stolen,
    durationFactor,
    rows: [],
  };

  async function startAttacker<Calls extends TlsAttackerCalls | TcpAttackerCalls>(path: string) {
    const own = [...environment.groups.attackers.enter, ...environment.enter];
    return stack.use(await startChild<Calls>(new URL(path, import.meta.url), { through: own }));
  }
}
