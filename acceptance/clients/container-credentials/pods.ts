import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerCredentials } from '@rolegate/protocol';
import { NODE } from '../../network/addresses.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { attachPod, podAddresses } from '../../network/pod-links.ts';
import type { Cluster } from '../../stand-ins/cluster.ts';
import { situations } from './situations.ts';
import type { Situation, SituationName } from './situations.ts';

/** `ordinary` has a network namespace of its own; `host-network` is in the node's. */
export const podKinds = ['ordinary', 'host-network'] as const;
export type PodKind = (typeof podKinds)[number];

/** The accounts of the Pods' roles, so that GetCallerIdentity shows whose credentials a client has. */
export const ACCOUNTS: Readonly<Record<PodKind, string>> = {
  ordinary: '111111111111',
  'host-network': '222222222222',
};

export function roleArn(kind: PodKind, role: string): string {
  return `arn:aws:iam::${ACCOUNTS[kind]}:role/${role}`;
}

/** A Pod that clients run in. */
export interface ClientPod {
  readonly kind: PodKind;
  readonly account: string;
  /** The command that enters its network namespace. */
  readonly enter: readonly string[];
  /** What it shows to the endpoint. */
  readonly token: string;
  /** What the admission policy injects, and those of the situation. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The Pods of the node. */
export interface ClientPods {
  /** The Pod of this kind for the situation, which is created on first use. */
  readonly find: (kind: PodKind, situation: SituationName) => Promise<ClientPod>;
}

export interface PodsOptions {
  readonly folder: string;
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
}

export function createPods(options: PodsOptions): ClientPods {
  const pods = new Map<string, Promise<ClientPod>>();
  return {
    find(kind, situation) {
      const name = `${kind}-${situation}`;
      const pod = pods.get(name) ?? createPod(options, { name, kind, situation, index: pods.size + 2 });
      pods.set(name, pod);
      return pod;
    },
  };
}

interface PodPlace {
  readonly name: string;
  readonly kind: PodKind;
  readonly situation: SituationName;
  readonly index: number;
}

/** An ordinary Pod's address is known from the CNI result, which the runtime writes before its containers start. */
async function createPod(
  { folder, namespaces, cluster }: PodsOptions,
  { name, kind, situation, index }: PodPlace,
): Promise<ClientPod> {
  const { namespace, role, badToken, variables }: Situation = situations[situation];
  const annotations = role === undefined ? {} : { 'iam.amazonaws.com/role': roleArn(kind, role) };
  const isOrdinary = kind === 'ordinary';
  const link = { name, index, shape: 'eni' } as const;
  const addresses = isOrdinary ? podAddresses(link) : NODE;
  const pod = cluster.pod({ name, namespace, annotations, hostNetwork: !isOrdinary }, addresses);
  await cluster.schedule(pod);
  if (isOrdinary) {
    await attachPod(namespaces, link);
    await cluster.giveAddress(pod);
  }
  await cluster.report(pod);
  const issued = await cluster.token(pod);
  const token = badToken === true ? withoutSignature(issued) : issued;
  const file = join(folder, `token-${name}`);
  await writeFile(file, token);
  return {
    kind,
    account: ACCOUNTS[kind],
    enter: namespaces.enter(isOrdinary ? name : 'node'),
    token,
    variables: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${containerCredentials.addresses.ipv4}:${containerCredentials.port}${containerCredentials.path}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
      ...variables,
    },
  };
}

/** A token with a signature of the right length that nobody has made. */
function withoutSignature(token: string): string {
  const [head = '', claims = '', signature = ''] = token.split('.');
  return [head, claims, 'A'.repeat(signature.length)].join('.');
}
