import { curlBothPaths, families, sendFrom } from '../send-from-pod.ts';
import { otherPorts } from '../requests.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNoProblems, checkEachPod } from '../checks.ts';
import { ECHO, findSentinel } from '../../stand-ins/sentinels.ts';

/** Shows that Pods can reach the metadata API, so that the later steps prove something. */
export const withoutRulesSteps = inMode('no rules', [
  {
    title: "Without any rules, every Pod reads the node's credentials and user data by IPv4 and by IPv6",
    async run(world) {
      const problems = await checkEachPod(world, async ({ enter }) => unanswered(await curlBothPaths(enter)));
      expectNoProblems(problems);
      return `${world.pods.length} Pods`;
    },
  },
  {
    title: 'Without any rules, the node itself reads its credentials and user data',
    async run({ node }) {
      expectNoProblems(unanswered(await curlBothPaths(node)));
    },
  },
  ...(['tcp', 'udp'] as const).map((kind): NetnsStep => ({
    title: `Without any rules, every Pod is answered on other ports by ${kind}`,
    async run(world) {
      const requests = otherPorts[kind];
      const problems = await checkEachPod(world, async ({ enter }) =>
        (await sendFrom(enter, { kind, requests, atOnce: requests.length, silenceMs: 3_000 }))
          .filter(({ text }) => !text.includes(ECHO))
          .map(({ name, end }) => `${name} got no answer (${end})`),
      );
      expectNoProblems(problems);
      return `${requests.length} ports and ${families.length} families`;
    },
  })),
]);

function unanswered(answers: Awaited<ReturnType<typeof curlBothPaths>>): string[] {
  return answers
    .filter(({ body }) => findSentinel(body) === undefined)
    .map(({ path, family, code }) => `${path} by ${family}: no sentinel (curl exited with ${String(code)})`);
}
