import { createColors } from '../src/output/colors.ts';
import { diagnosisText } from '../src/doctor/diagnosis-text.ts';
import { diagnose } from '../src/doctor/doctor.ts';
import { gather } from '../src/doctor/gather.ts';
import { AT_MS, agentStatus, serverFacts } from './doctor/cluster-setup.ts';
import { healthyStandIn, nodeObject } from './doctor/stand-in-access.ts';
const many = Number(process.argv[2]);
const width = Number(process.argv[3]);
const colors = process.argv[4] === 'c';
const names = Array.from({ length: many }, (_, at) => `ip-10-0-${at}.eu-central-1.compute.internal`);
const s = healthyStandIn({ nodes: names });
const inter = (m: object) => ({ interception: { ...(agentStatus('')['interception'] as object), ...m } });
names.forEach((n, at) => {
  const plant = (m: object) => s.programs.set(`rolegate/agent-${n}`, { ...agentStatus(n), ...m });
  if (at % 7 === 1) plant(inter({ nodeImdsv1Open: true }));
  if (at % 97 === 2)
    plant(inter({ layers: { nat: true, filter: false, route: true, input: true, ports: true } }));
  if (at % 101 === 3)
    plant({
      server: serverFacts({
        clockSkewMs: -61000,
        feed: {
          connected: false,
          staleSeconds: 300,
          lastFault: '14 UNAVAILABLE: No connection established. Last error: Error: connect ETIMEDOUT',
        },
        certificate: { remainingSeconds: 100 },
      }),
    });
  if (at % 103 === 4)
    s.programs.set(`rolegate/agent-${n}`, { kind: 'failed', fault: 'no answer within 5 s' });
});
s.lists.set('/api/v1/nodes', [
  ...names.map(nodeObject),
  { metadata: { name: 'fargate-1', labels: { 'eks.amazonaws.com/compute-type': 'fargate' } } },
]);
const t = Date.now();
const c = await gather({
  ...s.access,
  namespace: undefined,
  node: undefined,
  signal: new AbortController().signal,
  note: console.error,
  progress: () => undefined,
  now: () => AT_MS,
});
const t2 = Date.now();
const d = diagnose(c);
const t3 = Date.now();
process.stdout.write(diagnosisText(d, { width, colors: createColors(colors) }));
console.error(
  'gather',
  t2 - t,
  'diagnose',
  t3 - t2,
  'text',
  Date.now() - t3,
  'rss',
  process.memoryUsage().rss / 1e6,
);
