import type { KubernetesObject } from '@rolegate/testing';
import type { Remote } from '../../../processes/start-child.ts';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { StandInCalls } from '../../cluster/calls.ts';

/** The name in the chart. */
const NAME = 'rolegate-authority';

export type StandIn = Pick<Remote<StandInCalls>, 'object' | 'apply'>;

/** Creates the empty Secret and ConfigMap, as the chart does. */
export async function applyEmptyAuthority(api: StandIn): Promise<void> {
  for (const kind of ['Secret', 'ConfigMap'])
    await api.apply({ kind, metadata: { namespace: SERVER_NAMESPACE, name: NAME }, data: {} });
}

/** The bundle that agents trust. Rejects if no server has published the Secret's authorities yet. */
export async function readBundle(api: StandIn): Promise<string> {
  const object = await api.object({ kind: 'ConfigMap', namespace: SERVER_NAMESPACE, name: NAME });
  const bundle = dataOf(object)['ca.crt'] ?? '';
  const { authorities } = authoritiesOf(await readSecret(api));
  const isWhole = authorities.every(({ certificatePem }) => bundle.includes(certificatePem.trim()));
  if (!isWhole || bundle.split('BEGIN CERTIFICATE').length - 1 > authorities.length)
    throw new Error('the server has not published its authorities');
  return bundle;
}

export async function readSecret(api: StandIn): Promise<KubernetesObject> {
  const object = await api.object({ kind: 'Secret', namespace: SERVER_NAMESPACE, name: NAME });
  if (object === null) throw new Error(`there is no Secret ${NAME}`);
  return object;
}

/** An authority in the Secret. */
export interface StoredAuthority {
  readonly id: string;
  readonly state: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** The content of the Secret. */
export interface StoredAuthorities {
  readonly generation?: number;
  readonly authorities: readonly StoredAuthority[];
  readonly removed?: readonly { readonly id: string }[];
}

export function authoritiesOf(secret: KubernetesObject): StoredAuthorities {
  const text = Buffer.from(dataOf(secret)['authorities.json'] ?? '', 'base64').toString();
  if (text === '') throw new Error('the Secret is empty');
  return JSON.parse(text) as StoredAuthorities;
}

/** Overwrites the Secret with an older version. */
export async function putBack(api: StandIn, { kind, metadata, data }: KubernetesObject): Promise<void> {
  const { namespace = '', name } = metadata;
  await api.apply({ kind, metadata: { namespace, name }, data });
}

function dataOf(object: KubernetesObject | null): Readonly<Record<string, string>> {
  return (object?.['data'] ?? {}) as Readonly<Record<string, string>>;
}
