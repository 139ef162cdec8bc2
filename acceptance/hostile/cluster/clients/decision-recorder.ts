import type { PodStateRead } from '@rolegate/protocol';
import type { MachineMs, RecordedDecision } from '../calls.ts';

const MOST_RECORDED = 10_000;

/** Records decisions on Pods of Namespaces with a prefix. */
export function createDecisionRecorder() {
  let prefix: string | undefined;
  let recorded: RecordedDecision[] = [];
  return {
    /** Discards earlier decisions. */
    start(namespacePrefix: string): void {
      prefix = namespacePrefix;
      recorded = [];
    },
    take({ namespace, name, allow, deny, pending, metadata }: PodStateRead, atMs: MachineMs): void {
      if (prefix === undefined || !namespace.startsWith(prefix) || recorded.length >= MOST_RECORDED) return;
      recorded.push({
        namespace,
        name,
        atMs,
        role: allow?.roleName ?? '',
        reason: deny?.reason ?? '',
        pending: pending != null,
        metadataDenied: metadata?.denied === true,
      });
    },
    recorded: () => recorded,
  };
}
