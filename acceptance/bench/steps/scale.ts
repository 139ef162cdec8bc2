import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { unmeasuredRow } from '../row.ts';
import type { Row } from '../row.ts';
import {
  connect,
  idle,
  loseReplica,
  measureOwnDelay,
  permit,
  renewCertificates,
  restartAll,
  restartApiServer,
  shortenLifetimes,
  stsCallsAnHour,
  sync,
} from '../scale/phases.ts';
import { observePushes } from '../scale/pushes.ts';
import { openRun } from '../scale/run.ts';
import type { ScaleRun } from '../scale/run.ts';
import { scaleRows } from '../scale/rows.ts';
import type { ScaleFigures } from '../scale/rows.ts';
import type { BenchWorld } from '../world.ts';

/** Three servers with simulated clusters, one after the other. */
export async function scale(bench: BenchWorld): Promise<Row[]> {
  if (availableParallelism() < 2) return [unmeasuredRow('scale', 'it needs two cores')];
  const rows: Row[] = [];
  for (const nodes of bench.options.nodes) {
    await using stack = new AsyncDisposableStack();
    const run = await openRun(nodes, bench, stack);
    rows.push(...scaleRows(run.size, await measure(run)));
  }
  return rows;
}

/** The order matters: each phase begins with what the previous one has left. */
async function measure(run: ScaleRun): Promise<ScaleFigures> {
  const { cluster } = run;
  const own = await phase('own delay', measureOwnDelay(run));
  const synced = await phase('sync', sync(run));
  await shortenLifetimes(run);
  const connected = await phase('connect', connect(run));
  const callsAnHour = await phase('STS', stsCallsAnHour(run));
  const idleShares = await phase('idle', idle(run));
  await cluster.call.churn(undefined);
  const churn = await phase(
    'churn',
    observePushes(run, () => sleep(run.observeMs)),
  );
  const rollout = await phase(
    'rollout',
    observePushes(run, () => cluster.call.rollOut(undefined)),
  );
  const permitted = await phase('permit', permit(run));
  const renewed = await phase('renew', renewCertificates(run));
  const lost = await phase('lost', loseReplica(run));
  const outage = await phase('API server', restartApiServer(run));
  const restarted = await phase('restart', restartAll(run));
  await cluster.call.stopChurn(undefined);
  return {
    own,
    synced,
    connected,
    idleShares,
    churn,
    rollout,
    permitted,
    renewed,
    lost,
    outage,
    restarted,
    callsAnHour,
  };
}

/** Says what has been measured: the part takes long. */
async function phase<Figures>(name: string, figures: Promise<Figures>): Promise<Figures> {
  const measured = await figures;
  console.error(`scale: ${name} measured`);
  return measured;
}
