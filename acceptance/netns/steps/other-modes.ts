import { eventually } from '@rolegate/testing';
import { readAgentMetric } from '../agent-metrics.ts';
import { curlBothPaths, sendFrom, podRequest } from '../send-from-pod.ts';
import { httpRequest } from '../pod-tasks.ts';
import { inMode } from '../step.ts';
import {
  expectAnswers,
  curlProblems,
  shorten,
  expectNoProblems,
  checkEachPod,
  sentinelProblems,
} from '../checks.ts';

const SOON = { withinMs: 10_000, everyMs: 200 };
const host = '169.254.169.254';

const credentialsCalls = ['', '/', '/team/app'].map((rest) =>
  podRequest(
    'ipv4',
    `credentials${rest}`,
    httpRequest({ target: `/latest/meta-data/iam/security-credentials${rest}`, host }),
  ),
);

const everyCall = [
  podRequest(
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

/** Modes in which no Pod is served. */
export const otherModeSteps = [
  ...inMode('firewall', [
    {
      title: 'In firewall mode, without a server, every Pod is refused',
      async run(world) {
        const calls = await checkEachPod(world, async ({ enter }) =>
          (await curlBothPaths(enter)).flatMap((answer) => curlProblems(answer, 'as up', 'refused')),
        );
        const problems = await checkEachPod(world, async ({ enter }) => {
          const answers = await sendFrom(enter, {
            kind: 'tcp',
            requests: everyCall,
            atOnce: 4,
            silenceMs: 2_000,
          });
          const served = answers.filter(({ text }) => !/^HTTP\/1\.1 40[34]/.test(text));
          return [
            ...sentinelProblems(answers),
            ...served.map(({ name, text, end }) => `${name}: ${end} ${shorten(text)}`),
          ];
        });
        expectNoProblems([...calls, ...problems]);
      },
    },
  ]),
  ...inMode('wrong interface', [
    {
      title: 'If --host-interface matches no interface, Pods are refused, nothing leaks, and it is logged',
      async run(world) {
        // Refused, except for Pods that kiam's leftover rule redirects.
        await eventually(() => expectAnswers(world, 'no answer'), SOON);
        const warned = world.lines.some(
          ({ program, line }) =>
            program === 'reconcile' && line.includes('"warn"') && line.includes('nothing+'),
        );
        if (!warned) throw new Error('reconcile logged no warning about nothing+');
        await eventually(async () => {
          const metric = 'rolegate_interception_unmatched_interfaces';
          const count = await readAgentMetric(world, metric);
          if (count !== 1) throw new Error(`${metric} is ${String(count)}`);
        }, SOON);
      },
    },
  ]),
];
