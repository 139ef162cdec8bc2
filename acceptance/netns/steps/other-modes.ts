import { eventually } from '@rolegate/testing';
import { readAgentMetrics } from '../agent-metrics.ts';
import { askBoth, sendFrom, sentTo } from '../asking.ts';
import { httpRequest } from '../pod-orders.ts';
import { inMode } from '../step.ts';
import {
  askEverywhere,
  curlFaults,
  cutShort,
  expectNone,
  faultsOfEach,
  sentinelFaults,
} from '../verdicts.ts';

const SOON = { withinMs: 10_000, everyMs: 200 };
const host = '169.254.169.254';

const credentialsCalls = ['', '/', '/team/app'].map((rest) =>
  sentTo(
    'ipv4',
    `credentials${rest}`,
    httpRequest({ target: `/latest/meta-data/iam/security-credentials${rest}`, host }),
  ),
);

const everyCall = [
  sentTo(
    'ipv4',
    'the token',
    httpRequest({
      method: 'PUT',
      target: '/latest/api/token',
      host,
      headers: 'X-aws-ec2-metadata-token-ttl-seconds: 60\r\n',
    }),
  ),
  ...credentialsCalls,
];

/** Ways to run it that serve no Pod. */
export const otherModeSteps = [
  ...inMode('firewall', [
    {
      title: 'in firewall mode, without a server, every Pod is refused',
      async run(world) {
        const calls = await faultsOfEach(world, async ({ enter }) =>
          (await askBoth(enter)).flatMap((answer) => curlFaults(answer, 'as up', 'refused')),
        );
        const faults = await faultsOfEach(world, async ({ enter }) => {
          const came = await sendFrom(enter, { kind: 'tcp', sent: everyCall, atOnce: 4, silenceMs: 2_000 });
          const served = came.filter(({ text }) => !/^HTTP\/1\.1 40[34]/.test(text));
          return [
            ...sentinelFaults(came),
            ...served.map(({ name, text, end }) => `${name}: ${end} ${cutShort(text)}`),
          ];
        });
        expectNone([...calls, ...faults]);
      },
    },
  ]),
  ...inMode('wrong interface', [
    {
      title: 'a --host-interface that names nothing: Pods are refused, nothing leaks, and it is logged',
      async run(world) {
        // Refused, but where what kiam has left leads them nowhere.
        await eventually(() => askEverywhere(world, 'no answer'), SOON);
        const warned = world.lines.some(
          ({ program, line }) =>
            program === 'reconcile' && line.includes('"warn"') && line.includes('nothing+'),
        );
        if (!warned) throw new Error('reconcile has not warned of nothing+');
        await eventually(async () => {
          const count = (await readAgentMetrics(world.programs)).get(
            'rolegate_interception_unmatched_interfaces',
          );
          if (count !== 1) throw new Error(`rolegate_interception_unmatched_interfaces is ${String(count)}`);
        }, SOON);
      },
    },
  ]),
];
