import type { ChaosWorld } from '../../chaos/world.ts';
import { oneOf } from '../plan/random.ts';
import type { Random } from '../plan/random.ts';

const NAMESPACE = 'elsewhere';
const NODES = 5;
const PODS = 200;

/** Pods of nodes whose agents are not connected, which servers only index. */
export function createOtherNodes(api: Pick<ChaosWorld['api'], 'apply' | 'delete'>, random: Random) {
  const running = new Set<string>();

  function add(name: string): void {
    running.add(name);
    api.apply({
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name, annotations: { 'iam.amazonaws.com/role': name } },
      spec: { serviceAccountName: 'default', nodeName: `elsewhere-${Math.floor(random() * NODES)}` },
      status: { phase: 'Running', podIPs: [] },
    });
  }

  function end(name: string): void {
    running.delete(name);
    api.delete('Pod', NAMESPACE, name);
  }

  return {
    /** Creates or removes one. */
    change(): void {
      const name = `pod-${Math.floor(random() * PODS)}`;
      const other = random() < 0.5 ? oneOf([...running], random) : undefined;
      if (other !== undefined) end(other);
      else if (!running.has(name)) add(name);
    },
    removeAll(): void {
      for (const name of [...running]) end(name);
    },
  };
}
