import { readFileSync } from 'node:fs';
import { NOT_THERE, outputOf } from './commands.ts';
import type { RunCommand } from './commands.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { parseSavedTables } from './rules/saved-rules.ts';
import type { Saved, SavedTables } from './rules/saved-rules.ts';

export const backends = ['nft', 'legacy'] as const;
/** Which of the two kinds of tables the kernel has iptables' rules in. */
export type Backend = (typeof backends)[number];

/** The chains by which kubelet shows since 1.17 which back end it uses (kubernetes/kubernetes, pkg/kubelet, "KUBE-IPTABLES-HINT"). */
const HINTS = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'];
/** How long to wait for whoever else changes rules. Seconds. */
const LOCK_WAIT = '5';

/** iptables of one back end, for both families. */
export interface Iptables {
  readonly backend: Backend;
  /** All rules, whoever installed them; undefined if this back end's programs are not there. Rejects with what they said. */
  readonly save: () => Promise<Saved | undefined>;
  /** Takes the input of `iptables-restore --noflush`; each table at once or not at all. Rejects with what the program said. */
  readonly restore: (family: Family, input: string) => Promise<void>;
}

const PREFIX: Readonly<Record<Family, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** iptables of this back end, by the names that Debian, Alpine and Red Hat give it. Not looked for before it is used. */
export function createIptables({
  run,
  backend,
  families,
  hasTables,
}: {
  readonly run: RunCommand;
  readonly backend: Backend;
  /** The others are taken for empty. */
  readonly families: readonly Family[];
  /** False: this network namespace has no table of the legacy back end, as far as the kernel says. */
  readonly hasTables: (family: Family) => boolean;
}): Iptables {
  /** Families whose program has been run: it is there. */
  const tried = new Set<Family>();

  async function saveFamily(family: Family): Promise<SavedTables | undefined> {
    if (!families.includes(family)) return new Map();
    if (backend === 'legacy' && tried.has(family) && !hasTables(family)) return new Map();
    const program = `${PREFIX[family]}-${backend}-save`;
    const outcome = await run(program, ['-c']);
    if (outcome.code === NOT_THERE) return undefined;
    tried.add(family);
    return parseSavedTables(outputOf(program, outcome));
  }

  return {
    backend,
    async save() {
      const [ipv4, ipv6] = await Promise.all([saveFamily('ipv4'), saveFamily('ipv6')]);
      return ipv4 && ipv6 && { ipv4, ipv6 };
    },
    async restore(family, input) {
      const program = `${PREFIX[family]}-${backend}-restore`;
      outputOf(program, await run(program, ['--noflush', '--wait', LOCK_WAIT], { input }));
    },
  };
}

/** What iptables-legacy-save goes by; it is empty, or not there, while no table of that back end is. */
const TABLE_NAMES: Readonly<Record<Family, string>> = {
  ipv4: '/proc/self/net/ip_tables_names',
  ipv6: '/proc/self/net/ip6_tables_names',
};

/** Asks the kernel of this machine. */
export function hasLegacyTables(family: Family): boolean {
  try {
    return readFileSync(TABLE_NAMES[family], 'latin1') !== '';
  } catch (error) {
    // Unreadable for another reason: whoever lists the rules will say it.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** The back end that kubelet and kube-proxy use, by what both hold. Pure. */
export function chooseBackend(saved: Readonly<Record<Backend, Saved | undefined>>): Backend {
  for (const backend of backends) if (hasHint(saved[backend])) return backend;
  const [nft, legacy] = [countRules(saved.nft), countRules(saved.legacy)];
  if (saved.nft === undefined) return 'legacy';
  return legacy > nft ? 'legacy' : 'nft';
}

function hasHint(saved: Saved | undefined): boolean {
  if (saved === undefined) return false;
  return Object.values(saved).some((tables) =>
    HINTS.some((hint) => tables.get('mangle')?.has(hint) === true),
  );
}

/** Of others: ours alone must not hold us in the wrong place. */
function countRules(saved: Saved | undefined): number {
  if (saved === undefined) return 0;
  const rules = Object.values(saved).flatMap((tables) =>
    [...tables.values()].flatMap((table) => [...table.values()].flat()),
  );
  return rules.filter(({ chain, text }) => !`${chain} ${text}`.includes('ROLEGATE')).length;
}
