import { parseJson, record, textOf } from '@rolegate/runtime';
import { readArguments } from './arguments.ts';
import type { Arguments } from './arguments.ts';

/** A DaemonSet or Deployment that runs a program of the old system. */
export interface OldProgram {
  readonly system: 'kiam' | 'kube2iam';
  /** kube2iam has no servers. */
  readonly part: 'agent' | 'server';
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  /** The tag of its image; '' if it has none. */
  readonly version: string;
  /** The container that runs it. */
  readonly container: string;
  readonly given: Arguments;
  /** Selects its Pods. */
  readonly selector: string;
  /** Of its Pods; undefined if there is none. */
  readonly affinity: Readonly<Record<string, unknown>> | undefined;
  /** How it replaces its Pods when they change, without what keep-apart.sh changes about that. */
  readonly updateStrategy: Readonly<Record<string, unknown>>;
  /** Set if it starts in a way in which its flags cannot be read. */
  readonly unread?: string;
  /** The release of Helm that it belongs to. */
  readonly release?: { readonly namespace: string; readonly name: string };
}

/** An annotation of a DaemonSet whose update strategy is suspended during the move: its own, as JSON. */
export const OWN_STRATEGY = 'rolegate.dev/update-strategy';

export type WorkloadKind = 'DaemonSet' | 'Deployment';

/** `registry/path/kiam:v4.0`, also of a mirror, with or without a digest. */
const IMAGE = /(?:^|\/)(kiam|kube2iam)(?::([\w.-]+))?(?:@[\w:]+)?$/;

/** The program of the old system that a workload runs; undefined if it runs none. */
export function oldProgram(kind: WorkloadKind, item: unknown): OldProgram | undefined {
  const { metadata, spec } = record(item);
  const { namespace, name, annotations } = record(metadata);
  const podSpec = record(record(record(spec)['template'])['spec']);
  for (const container of list(podSpec['containers'])) {
    const [, system, version = ''] = IMAGE.exec(textOf(container['image'])) ?? [];
    if (system === undefined) continue;
    const words = [...texts(container['command']), ...texts(container['args'])];
    const release = releaseOf(record(annotations));
    const isServer = system === 'kiam' && words.some((word) => word === 'server' || word.endsWith('/server'));
    return {
      system: system === 'kiam' ? 'kiam' : 'kube2iam',
      part: isServer ? 'server' : 'agent',
      kind,
      namespace: textOf(namespace),
      name: textOf(name),
      version,
      container: textOf(container['name']),
      given: readArguments(words),
      selector: selectorOf(record(spec)),
      updateStrategy: strategyOf(record(annotations), record(spec)),
      affinity: podSpec['affinity'] === undefined ? undefined : record(podSpec['affinity']),
      ...(words.includes('-c') && { unread: 'it starts through a shell, so its flags are not known' }),
      ...(release !== undefined && { release }),
    };
  }
  return undefined;
}

/** For messages. */
export function describeProgram({ kind, namespace, name }: OldProgram): string {
  return `${kind} ${namespace}/${name}`;
}

function selectorOf(spec: Record<string, unknown>): string {
  const labels = Object.entries(record(record(spec['selector'])['matchLabels']));
  return labels.map(([key, value]) => `${key}=${textOf(value)}`).join(',');
}

function strategyOf(annotations: Record<string, unknown>, { updateStrategy }: Record<string, unknown>) {
  return record(parseJson(textOf(annotations[OWN_STRATEGY])) ?? updateStrategy);
}

function releaseOf(annotations: Record<string, unknown>) {
  const name = textOf(annotations['meta.helm.sh/release-name']);
  const namespace = textOf(annotations['meta.helm.sh/release-namespace']);
  return name === '' ? undefined : { namespace, name };
}

function list(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}
