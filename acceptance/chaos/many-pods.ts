import { randomUUID } from 'node:crypto';
import { NODE_NAME } from '@rolegate/sandbox';
import type { ChaosWorld } from './world.ts';

export interface ManyPod {
  readonly name: string;
  readonly role: string;
  readonly ip: string;
}

/** Creates Pods with addresses from 127.10.0.0/16 and CNI results. The roles are assigned in turn. */
export async function createManyPods(
  { api, cni }: Pick<ChaosWorld, 'api' | 'cni'>,
  { namespace, count, roles }: { namespace: string; count: number; roles: number },
): Promise<ManyPod[]> {
  const pods = Array.from({ length: count }, (_, at) => ({
    name: `many-${at}`,
    role: `many-${at % roles}`,
    ip: `127.10.${at >> 8}.${at & 255}`,
  }));
  for (const { name, role, ip } of pods) {
    const uid = randomUUID();
    await cni.add({ uid, namespace, name, ips: [ip] });
    api.apply({
      kind: 'Pod',
      metadata: { namespace, name, uid, annotations: { 'iam.amazonaws.com/role': role } },
      spec: { serviceAccountName: 'default', nodeName: NODE_NAME },
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
    });
  }
  return pods;
}
