import { outputOf } from './commands.ts';
import { laidBefore, laidBeside, laidMeanwhile, otherBackend } from './other-tools.ts';
import { layForeign, restoreTables, saveTables, takeSnapshot } from './rules.ts';
import type { Backend, Snapshot } from './rules.ts';

/** The node with other tools' rules alone. */
export interface OthersAlone {
  readonly before: Snapshot;
  /** With the rules that come while Rolegate is there. */
  readonly meanwhile: Snapshot;
}

export interface OthersOnNode {
  /** Lays what is there before Rolegate comes. Once: again it does nothing. */
  readonly layBefore: () => Promise<void>;
  readonly layMeanwhile: () => Promise<void>;
  /** As after `layBefore`, whatever has become of it; only where nothing of Rolegate's is there. */
  readonly layAnew: () => Promise<void>;
  /** Throws before `layBefore`. */
  readonly alone: () => OthersAlone;
}

/** Plays kube-proxy, Calico and kiam on the node. */
export function createOthersOnNode({
  node,
  backend,
}: {
  /** The command that enters it. */
  readonly node: readonly string[];
  readonly backend: Backend;
}): OthersOnNode {
  let known:
    { readonly alone: OthersAlone; readonly saved: Awaited<ReturnType<typeof saveTables>> } | undefined;

  async function removeIpRules(): Promise<void> {
    const present = await outputOf([...node, 'ip', 'rule']);
    for (const rule of laidMeanwhile.ipRules) {
      const [, , , priority = ''] = rule.split(' ');
      if (present.includes(`\n${priority}:`))
        await outputOf([...node, 'ip', 'rule', 'del', 'priority', priority]);
    }
  }

  const layMeanwhile = () => layForeign(node, backend, laidMeanwhile);

  async function layAnew(): Promise<void> {
    if (known !== undefined) await restoreTables(node, backend, known.saved);
    await removeIpRules();
  }

  return {
    layMeanwhile,
    layAnew,
    async layBefore() {
      if (known !== undefined) return;
      await layForeign(node, backend, laidBefore);
      await layForeign(node, otherBackend(backend), laidBeside);
      const [before, saved] = [await takeSnapshot(node), await saveTables(node, backend)];
      await layMeanwhile();
      known = { saved, alone: { before, meanwhile: await takeSnapshot(node) } };
      await layAnew();
    },
    alone() {
      if (known === undefined) throw new Error("no other tool's rules were laid yet");
      return known.alone;
    },
  };
}
