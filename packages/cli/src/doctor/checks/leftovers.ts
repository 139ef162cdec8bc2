import type { V1DaemonSet, V1Pod } from '../../answers/objects.ts';
import { textOf } from '@rolegate/runtime';
import { valueOf } from '../../answers/answer.ts';
import { allPods, fullName } from '../cluster.ts';
import type { AgentReading, Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';
import { logMessages } from '../log-messages.ts';

/** The name of an image, with any registry and tag, e.g. `quay.io/uswitch/kiam:v4.2`. */
const FORMER_IMAGE = /(?:^|\/)(kiam|kube2iam)(?:-[a-z]+)?(?:[:@]|$)/;
const FORMER_LABELS = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name'];
const FORMER = ['kiam', 'kube2iam'];
/** Rules that are named in the evidence. */
const MOST_RULES = 3;

/** What kiam and kube2iam have left: their DaemonSets, Pods and iptables rules. Their annotations are read, so they may stay. */
export function checkLeftovers(cluster: Cluster): readonly Finding[] {
  const pods = allPods(cluster).filter((pod) => ownerOf(pod) !== 'DaemonSet');
  return [
    ...(valueOf(cluster.daemonSets) ?? []).flatMap(ofDaemonSet),
    ...pods.flatMap(ofPod),
    ...cluster.agents.flatMap(ofRules),
  ];
}

function ofDaemonSet(daemonSet: V1DaemonSet): readonly Finding[] {
  const former = formerOfDaemonSet(daemonSet);
  if (former === undefined) return [];
  const running = daemonSet.status?.numberReady ?? 0;
  return [
    {
      severity: running > 0 ? 'error' : 'warning',
      check: 'leftovers',
      node: undefined,
      what: `${former} is still installed: its rules and Rolegate's contend for the same requests`,
      evidence: `DaemonSet ${fullName(daemonSet)}, ${running} Pods ready`,
      fix: `follow docs/migrate.md to the end: delete DaemonSet ${fullName(daemonSet)}, then its iptables rules`,
    },
  ];
}

function ofPod(pod: V1Pod): readonly Finding[] {
  const former = formerOfPod(pod);
  if (former === undefined) return [];
  return [
    {
      severity: 'warning',
      check: 'leftovers',
      node: pod.spec?.nodeName,
      what: `a Pod of ${former} still runs`,
      evidence: `Pod ${fullName(pod)}`,
      fix: 'follow docs/migrate.md to the end',
    },
  ];
}

/** `kiam` or `kube2iam`, if it is theirs. */
export function formerOfDaemonSet({ spec, metadata }: V1DaemonSet): string | undefined {
  return formerOf(spec?.template.spec?.containers, metadata?.labels);
}

/** Likewise. */
export function formerOfPod({ spec, metadata }: V1Pod): string | undefined {
  return formerOf(spec?.containers, metadata?.labels);
}

function formerOf(
  containers: readonly { readonly image?: string }[] = [],
  labels: Readonly<Record<string, string>> = {},
): string | undefined {
  const byImage = containers.flatMap(({ image = '' }) => FORMER_IMAGE.exec(image)?.[1] ?? []);
  const byLabel = FORMER_LABELS.flatMap((key) => labels[key] ?? []).filter((name) => FORMER.includes(name));
  return [...byImage, ...byLabel][0];
}

function ofRules({ node, status, lines }: AgentReading): readonly Finding[] {
  const logged = lines
    .filter(({ msg }) => msg === logMessages.foreignRule)
    .map((line) => textOf(line['rule']));
  const all = [...new Set(logged)].filter((rule) => rule !== '');
  const count = valueOf(status)?.interception.foreignRules ?? all.length;
  if (count === 0) return [];
  // Nothing is logged when a rule is removed.
  const rules = all.slice(-count);
  const evidence =
    rules.slice(0, MOST_RULES).join('; ') || `rules: ${count}; their text is in the log of reconcile`;
  const isDnat = rules.length === 0 || rules.some((rule) => rule.includes('-j DNAT'));
  return [
    {
      severity: 'warning',
      check: 'leftovers',
      node,
      what: isDnat
        ? 'an iptables rule like those of kiam and kube2iam for the metadata address is left over'
        : 'an iptables rule of others names the metadata address',
      evidence,
      fix: "it has no effect while Rolegate's rules come first; if its program is gone, remove it: iptables -t nat -D PREROUTING … with the text of the rule",
    },
  ];
}

function ownerOf({ metadata }: V1Pod): string | undefined {
  return metadata?.ownerReferences?.[0]?.kind;
}
