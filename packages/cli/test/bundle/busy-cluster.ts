// A cluster with three agents that have each logged so many refusals, in a process of its own, so that it takes no time or
// memory of the program that is measured. Writes a kubeconfig to stdout, and ends with its stdin.
import { createTestCa } from '@rolegate/testing';
import { refusal, stamped } from '../log-lines.ts';
import { startStandInCluster } from '../stand-in-cluster.ts';
import type { StandInPod } from '../stand-in-cluster.ts';
import { kubeConfigOf } from './kube-config-of.ts';

const LINES = Number(process.argv[2] ?? 10_000);
const NODES = ['a', 'b', 'c'];
const DAY_MS = 86_400_000;
/** Yesterday at 07:00 UTC, so that no log goes beyond midnight. */
const YESTERDAY_MS = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS + 7 * 3_600_000;

/** An agent whose every line is about another Pod, so that nothing is folded. */
function busyAgent(node: string, shift: number): StandInPod {
  const lines = Array.from({ length: LINES }, (_, at) =>
    stamped(
      at * NODES.length + shift,
      refusal({ pod: `cart-${node}-${at}`, requestId: `${node}${at}`, uid: 'u'.repeat(36) }),
      YESTERDAY_MS,
    ),
  );
  return { name: `agent-${node}`, node, component: 'agent', logs: { agent: lines } };
}

const authority = await createTestCa();
const tls = await authority.issue({ ips: ['127.0.0.1'] });
await using cluster = await startStandInCluster(NODES.map(busyAgent), { tls });
const ca = Buffer.from(authority.pem).toString('base64');
process.stdout.write(`${kubeConfigOf({ server: cluster.url, 'certificate-authority-data': ca })}\n`);
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
