import { outputOf } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import { PORTS } from '../../../network/addresses.ts';
import type { AttackReport } from '../../watch/seen.ts';
import type { Sends, StolenNodeCalls, StolenNodeSeen } from '../../cluster/orders.ts';
import { peerOf } from '../world/agents.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';

const STOLEN = 'stolen';
const LASTS_MS = 4_000;
/** Numbers grow, and may: nothing that a node says may add a line. */
const MOST_PAGE_BYTES = 10_000;

/** One stolen node sends all of it at once. */
async function attackAsNode(world: TenantsWorld, sends: readonly Sends[]): Promise<AttackReport> {
  const { groups, enter, identify, stretch } = world;
  const script = new URL('../clients/stolen-node.ts', import.meta.url);
  const through = [...groups.attackers.enter, ...enter];
  await using child = await startChild<StolenNodeCalls>(script, { through });
  const identity = await identify(STOLEN);
  const pageBefore = await metricsBytes(world);
  const seen = await child.call.attack({ ...peerOf(world), identity, sends, forMs: LASTS_MS * stretch });
  const pageBytes = (await metricsBytes(world)) - pageBefore;
  return {
    said: seen.map((one, at) => `${sends[at]}: ${describe(one)}`).join('; '),
    faults: pageBytes > MOST_PAGE_BYTES ? [`the page of metrics has grown by ${pageBytes} bytes`] : [],
  };
}

function describe({ streams, ended, reports, sentBytes }: StolenNodeSeen): string {
  const codes = Object.entries(ended).map(([code, count]) => `${count} × ${code}`);
  const ends = codes.length > 0 ? `ended ${codes.join(', ')}` : 'none ended';
  return `${streams} streams, ${ends}, ${reports} reports, ${Math.round(sentBytes / 1e6)} MB`;
}

async function metricsBytes({ enter }: TenantsWorld): Promise<number> {
  const url = `http://127.0.0.1:${PORTS.serverOps}/metrics`;
  try {
    return (await outputOf([...enter, 'curl', '-sS', '--max-time', '10', url])).length;
  } catch {
    // The probes and the end of the process say what is wrong.
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
