import { askBoth, families, sendFrom } from '../asking.ts';
import { besidePort80 } from '../requests.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNone, faultsOfEach } from '../verdicts.ts';
import { ECHO, findSentinel } from '../../stand-ins/sentinels.ts';

const open = 'without any rule';

/** That there is something to reach: only then does it mean something that nobody reaches it. */
export const openWorldSteps = inMode('open', [
  {
    title: `${open} every Pod reads the node's credentials and user-data, by both families`,
    async run(world) {
      const faults = await faultsOfEach(world, async ({ enter }) => unanswered(await askBoth(enter)));
      expectNone(faults);
      return `${world.pods.length} Pods`;
    },
  },
  {
    title: `${open} the node itself reads its credentials and user-data`,
    async run({ node }) {
      expectNone(unanswered(await askBoth(node)));
    },
  },
  ...(['tcp', 'udp'] as const).map((kind): NetnsStep => ({
    title: `${open} every Pod is answered on other ports by ${kind}`,
    async run(world) {
      const sent = besidePort80[kind];
      const faults = await faultsOfEach(world, async ({ enter }) =>
        (await sendFrom(enter, { kind, sent, atOnce: sent.length, silenceMs: 3_000 }))
          .filter(({ text }) => !text.includes(ECHO))
          .map(({ name, end }) => `${name} got no answer (${end})`),
      );
      expectNone(faults);
      return `${sent.length} ports and ${families.length} families`;
    },
  })),
]);

function unanswered(answers: Awaited<ReturnType<typeof askBoth>>): string[] {
  return answers
    .filter(({ body }) => findSentinel(body) === undefined)
    .map(
      ({ path, family, code }) => `${path} by ${family} held no sentinel (curl ended with ${String(code)})`,
    );
}
