import { outputOf } from '@rolegate/testing';
import { rulesBefore, rulesBeside, rulesMeanwhile, otherBackend } from './other-rules.ts';
import { addRules, restoreTables, saveTables, takeSnapshot } from './rules.ts';
import type { Backend, Snapshot } from './rules.ts';

/** The node with other tools' rules alone. */
export interface OtherToolsAlone {
  readonly before: Snapshot;
  /** With the rules that come while Rolegate is there. */
  readonly meanwhile: Snapshot;
}

export interface OtherTools {
  /** Lays what is there before Rolegate comes. Once: again it does nothing. */
  readonly installBefore: () => Promise<void>;
  readonly installMeanwhile: () => Promise<void>;
  /** As after `installBefore`, whatever has become of it; only where nothing of Rolegate's is there. */
  readonly reinstall: () => Promise<void>;
  /** Throws before `installBefore`. */
  readonly alone: () => OtherToolsAlone;
}

/** Plays kube-proxy, Calico and kiam on the node. */
export function createOtherTools({
  node,
  backend,
}: {
  /** The command that enters it. */
  readonly node: readonly string[];
  readonly backend: Backend;
}): OtherTools {
  let known:
    { readonly alone: OtherToolsAlone; readonly saved: Awaited<ReturnType<typeof saveTables>> } | undefined;

  async function removeIpRules(): Promise<void> {
    const present = await outputOf([...node, 'ip', 'rule']);
    for (const rule of rulesMeanwhile.ipRules) {
      const [, , , priority = ''] = rule.split(' ');
      if (present.includes(`\n${priority}:`))
        await outputOf([...node, 'ip', 'rule', 'del', 'priority', priority]);
    }
  }

  const installMeanwhile = () => addRules(node, backend, rulesMeanwhile);

  async function reinstall(): Promise<void> {
    if (known !== undefined) await restoreTables(node, backend, known.saved);
    await removeIpRules();
  }

  return {
    installMeanwhile,
    reinstall,
    async installBefore() {
      if (known !== undefined) return;
      await addRules(node, backend, rulesBefore);
      await addRules(node, otherBackend(backend), rulesBeside);
      const [before, saved] = [await takeSnapshot(node), await saveTables(node, backend)];
      await installMeanwhile();
      known = { saved, alone: { before, meanwhile: await takeSnapshot(node) } };
      await reinstall();
    },
    alone() {
      if (known === undefined) throw new Error("no other tool's rules were laid yet");
      return known.alone;
    },
  };
}
