import { readFileSync } from 'node:fs';
import { NOT_FOUND, outputOf } from './commands.ts';
import type { RunCommand } from './commands.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { parseSavedTables } from './rules/saved-rules.ts';
import type { Saved, SavedTables } from './rules/saved-rules.ts';

export const backends = ['nft', 'legacy'] as const;
/** The kind of kernel tables that hold iptables' rules. */
export type Backend = (typeof backends)[number];

/** Chains that show which backend kubelet uses, since 1.17 (kubernetes/kubernetes, pkg/kubelet, "KUBE-IPTABLES-HINT"). */
const HINTS = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'];
/** How long to wait for the xtables lock. Seconds. */
const LOCK_WAIT = '5';

/** iptables of one backend, for both families. */
export interface Iptables {
  readonly backend: Backend;
  /** All rules of all tools; undefined if this backend's programs are not installed. Rejects with their error output. */
  readonly save: () => Promise<Saved | undefined>;
  /** Applies input for `iptables-restore --noflush`, each table atomically. Rejects with the program's error output. */
  readonly restore: (family: Family, input: string) => Promise<void>;
}

const PREFIX: Readonly<Record<Family, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** iptables of this backend, by its program names in Debian, Alpine and Red Hat. Searched for only when first used. */
export function createIptables({
  run,
  backend,
  families,
  hasTables,
}: {
  readonly run: RunCommand;
  readonly backend: Backend;
  /** Other families are treated as empty. */
  readonly families: readonly Family[];
  /** False: according to the kernel this network namespace has no table of the legacy backend. */
  readonly hasTables: (family: Family) => boolean;
}): Iptables {
  /** Families whose program has run, so it exists. */
  const tried = new Set<Family>();

  async function saveFamily(family: Family): Promise<SavedTables | undefined> {
    if (!families.includes(family)) return new Map();
    if (backend === 'legacy' && tried.has(family) && !hasTables(family)) return new Map();
    const program = `${PREFIX[family]}-${backend}-save`;
    const outcome = await run(program, ['-c']);
    if (outcome.code === NOT_FOUND) return undefined;
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

/** Read by iptables-legacy-save; empty or missing while that backend has no table. */
const TABLE_NAMES: Readonly<Record<Family, string>> = {
  ipv4: '/proc/self/net/ip_tables_names',
  ipv6: '/proc/self/net/ip6_tables_names',
};

/** Asks the kernel. */
export function hasLegacyTables(family: Family): boolean {
  try {
    return readFileSync(TABLE_NAMES[family], 'latin1') !== '';
  } catch (error) {
    // Unreadable for another reason: listing the rules will report it.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** The backend that kubelet and kube-proxy use, judged by the content of both. Pure. */
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

/** Rules of others: our own must not keep us on the wrong backend. */
function countRules(saved: Saved | undefined): number {
  if (saved === undefined) return 0;
  const rules = Object.values(saved).flatMap((tables) =>
    [...tables.values()].flatMap((table) => [...table.values()].flat()),
  );
  return rules.filter(({ chain, text }) => !`${chain} ${text}`.includes('ROLEGATE')).length;
}
