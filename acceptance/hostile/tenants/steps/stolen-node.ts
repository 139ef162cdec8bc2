import { outputOf } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import { PORTS } from '../../../network/addresses.ts';
import type { AttackReport } from '../../watch/observations.ts';
import type { Sends, StolenNodeCalls, StolenNodeResult } from '../../cluster/calls.ts';
import { peerOf } from '../world/agents.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';

const STOLEN = 'stolen';
const DURATION_MS = 4_000;
/** Numbers may get longer, but reports must not add lines. */
const MOST_PAGE_BYTES = 10_000;

/** One stolen node sends all of it concurrently. */
async function attackAsNode(world: TenantsWorld, sends: readonly Sends[]): Promise<AttackReport> {
  const { groups, enter, identify, durationFactor } = world;
  const script = new URL('../clients/stolen-node.ts', import.meta.url);
  const through = [...groups.attackers.enter, ...enter];
  await using child = await startChild<StolenNodeCalls>(script, { through });
  const identity = await identify(STOLEN);
  const pageBefore = await metricsBytes(world);
  const observed = await child.call.attack({
    ...peerOf(world),
    identity,
    sends,
    forMs: DURATION_MS * durationFactor,
  });
  const pageBytes = (await metricsBytes(world)) - pageBefore;
  return {
    summary: observed.map((one, at) => `${sends[at]}: ${describe(one)}`).join('; '),
    problems: pageBytes > MOST_PAGE_BYTES ? [`the metrics page has grown by ${pageBytes} bytes`] : [],
  };
}

function describe({ streams, ended, reports, sentBytes }: StolenNodeResult): string {
  const codes = Object.entries(ended).map(([code, count]) => `${count} × ${code}`);
  const ends = codes.length > 0 ? `ended ${codes.join(', ')}` : 'none ended';
  return `${streams} streams, ${ends}, ${reports} reports, ${Math.round(sentBytes / 1e6)} MB`;
}

async function metricsBytes({ enter }: TenantsWorld): Promise<number> {
  const url = `http://127.0.0.1:${PORTS.serverOps}/metrics`;
  try {
    return (await outputOf([...enter, 'curl', '-sS', '--max-time', '10', url])).length;
  } catch {
    // Reported by the probes or the end of the process.
    return 0;
  }
}

export const stolenNodeSteps: readonly TenantsStep[] = [
  tenantsStep({
    title:
      'Reports from a stolen node with made-up reasons and versions of 1 MB do not fill memory, metrics or logs',
    run: (world) => attackAsNode(world, ['made-up reasons', 'long versions']),
  }),
  tenantsStep({
    title:
      'A stolen node that sends 1 MB reports on 190 streams and random bytes on others does not affect other nodes',
    run: (world) => attackAsNode(world, ['many streams', 'random bytes']),
  }),
];
