import { outputOf } from '@rolegate/testing';
import { rulesBefore, rulesInOtherBackend, laterRules, otherBackend } from './other-rules.ts';
import { addRules, restoreTables, saveTables, takeSnapshot } from './rules.ts';
import type { Backend, Snapshot } from './rules.ts';

/** The node's rules without Rolegate. */
export interface OtherToolsSnapshots {
  readonly before: Snapshot;
  /** Including the rules that are added later. */
  readonly withLater: Snapshot;
}

export interface OtherTools {
  /** Installs the rules that precede Rolegate. Later calls do nothing. */
  readonly installBefore: () => Promise<void>;
  readonly installLater: () => Promise<void>;
  /** Restores the state after `installBefore`. Rolegate's rules must have been removed. */
  readonly reinstall: () => Promise<void>;
  /** Throws before `installBefore`. */
  readonly snapshots: () => OtherToolsSnapshots;
}

/** Stands in for kube-proxy, Calico and kiam on the node. */
export function createOtherTools({
  node,
  backend,
}: {
  /** The command that enters the node. */
  readonly node: readonly string[];
  readonly backend: Backend;
}): OtherTools {
  let known:
    | { readonly snapshots: OtherToolsSnapshots; readonly saved: Awaited<ReturnType<typeof saveTables>> }
    | undefined;

  async function removeIpRules(): Promise<void> {
    const present = await outputOf([...node, 'ip', 'rule']);
    for (const rule of laterRules.ipRules) {
      const [, , , priority = ''] = rule.split(' ');
      if (present.includes(`\n${priority}:`))
        await outputOf([...node, 'ip', 'rule', 'del', 'priority', priority]);
    }
  }

  const installLater = () => addRules(node, backend, laterRules);

  async function reinstall(): Promise<void> {
    if (known !== undefined) await restoreTables(node, backend, known.saved);
    await removeIpRules();
  }

  return {
    installLater,
    reinstall,
    async installBefore() {
      if (known !== undefined) return;
      await addRules(node, backend, rulesBefore);
      await addRules(node, otherBackend(backend), rulesInOtherBackend);
      const [before, saved] = [await takeSnapshot(node), await saveTables(node, backend)];
      await installLater();
      known = { saved, snapshots: { before, withLater: await takeSnapshot(node) } };
      await reinstall();
    },
    snapshots() {
      if (known === undefined) throw new Error("other tools' rules are not installed yet");
      return known.snapshots;
    },
  };
}
