import type { Command, CommandCall } from '../command-line/command.ts';
import { clusterFlags, objectName, outputFlag } from '../command-line/cluster-flags.ts';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import { readPodWord } from '../command-line/pod-word.ts';
import { optional } from '@rolegate/runtime';
import { openCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { jsonText } from '../output/json-text.ts';
import { gatherEvidence } from './gather.ts';
import { missingRights } from './missing-rights.ts';
import { explainPage } from './page.ts';
import type { Page } from './page.ts';
import { pageText } from './page-text.ts';

const explainFlags = {
  namespace: optional(objectName('NAMESPACE'), {
    group: 'Which Pod',
    help: "Namespace of the Pod; by default, that of the kubeconfig's context",
  }),
  ...outputFlag,
  ...clusterFlags,
};

type ExplainCall = CommandCall<typeof explainFlags>;

export const explain: Command<typeof explainFlags> = {
  name: 'explain',
  summary: 'explains on one page why a Pod gets its role, or what keeps it from it and what to do next',
  words: ['POD'],
  flags: explainFlags,
  shortFlags: { n: 'namespace', o: 'output' },
  examples: [
    {
      command: 'explain -n shop cart-0',
      shows:
        'from the annotation of the Pod to its credentials: each link, the broken one, and the next step',
    },
    { command: 'explain shop/cart-0', shows: 'the same Pod, named in one word' },
    {
      command: 'explain shop/cart-0 -o json | jq -r .verdict',
      shows: 'the answer in one line; jq -r ".commands[]" prints the commands of the next step',
    },
    {
      command: 'explain shop/cart-0 >/dev/null && echo served',
      shows: 'for scripts: exit code 0 if the Pod gets its role, 1 if not, 3 if that is not known',
    },
  ],
  async run(call) {
    using cluster = await openCluster(call.values, call.env);
    return await explainPod(cluster, call);
  },
};

/** Exit codes: 0 the Pod gets its role; 1 it does not; 2 POD is invalid; 3 who knows did not answer. */
export async function explainPod(
  cluster: Pick<Cluster, 'connection' | 'exec' | 'namespace'>,
  { values, words: [word = ''], output, signal }: ExplainCall,
): Promise<ExitCode> {
  const named = readPodWord(word, { namespace: values.namespace, usual: cluster.namespace });
  if ('fault' in named) {
    output.note(named.fault);
    return exitCodes.usage;
  }
  const { connection, exec } = cluster;
  const rolegateNamespace = values['rolegate-namespace'];
  const evidence = await gatherEvidence(named, { connection, exec, rolegateNamespace, output, signal });
  signal.throwIfAborted();
  const page = explainPage(evidence);
  const lacking = missingRights(evidence);
  for (const right of lacking) output.note(right);
  await output.print(values.output === 'json' ? jsonText(page) : pageText(page, output));
  return exitCodeOf(page, lacking.length > 0);
}

function exitCodeOf({ broken, links }: Page, lacksRights: boolean): ExitCode {
  if (broken !== undefined) return exitCodes.negative;
  return lacksRights || links.some(({ state }) => state === 'unknown') ? exitCodes.incomplete : exitCodes.ok;
}
