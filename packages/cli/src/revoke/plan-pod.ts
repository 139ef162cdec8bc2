import { record, textOf } from '@rolegate/runtime';
import type { PodWord } from '../command-line/pod-word.ts';
import { optionalText } from './change.ts';
import type { Change } from './change.ts';

const ROLE = 'iam.amazonaws.com/role';
const METADATA = 'rolegate.dev/metadata';
/** Begins a value that is no role, so that the Pod gets none, not that of its ServiceAccount either. */
const REVOKED = '(revoked';

/** How a Pod loses its credentials, and what that costs others. */
export interface PodPlan {
  /** Undefined: it is revoked already, or can have no role. */
  readonly change: Change | undefined;
  readonly node: string;
  readonly uid: string;
  /** What makes the Pod, e.g. `ReplicaSet cart-7f`; undefined: nothing. */
  readonly owner: string | undefined;
  readonly notes: readonly string[];
}

/**
 * Two annotations: `metadata: deny` closes the metadata API, but not the container credentials endpoint; the invalid role closes
 * both. `object` as the API server sends it.
 */
export function planPod({ namespace, name }: PodWord, object: unknown): PodPlan {
  const { metadata, spec } = record(object);
  const { uid, resourceVersion, annotations, ownerReferences } = record(metadata);
  const live = record(annotations);
  const role = textOf(live[ROLE]).trim();
  const isRevoked = role.startsWith(REVOKED) && textOf(live[METADATA]).trim() === 'deny';
  const owner = ownerOf(ownerReferences);
  const isStatic = live['kubernetes.io/config.mirror'] !== undefined;
  return {
    node: textOf(record(spec)['nodeName']),
    uid: textOf(uid),
    owner,
    change:
      isRevoked || isStatic
        ? undefined
        : {
            kind: 'pod',
            namespace,
            name,
            uid: textOf(uid),
            resourceVersion: textOf(resourceVersion),
            was: { [METADATA]: optionalText(live[METADATA]), [ROLE]: optionalText(live[ROLE]) },
            set: { [METADATA]: 'deny', [ROLE]: role === '' ? `${REVOKED})` : `${REVOKED}, was ${role})` },
          },
    notes: [
      ...(isStatic ? ['It is a static Pod, which gets no role.'] : []),
      ...(isRevoked ? ['Its annotations are revoked already.'] : []),
    ],
  };
}

function ownerOf(references: unknown): string | undefined {
  const all: readonly unknown[] = Array.isArray(references) ? references : [];
  const owner = all.map(record).find(({ controller }) => controller === true);
  return owner === undefined ? undefined : `${textOf(owner['kind'])} ${textOf(owner['name'])}`;
}
