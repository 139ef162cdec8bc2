import { describeError } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { backends, chooseBackend, createIptables } from './backend.ts';
import type { Backend, Iptables } from './backend.ts';
import type { Saved } from './rules/saved-rules.ts';
import type { RunCommand } from './commands.ts';
import type { Family } from './rules/metadata-addresses.ts';
import { removalInput } from './rules/restore-input.ts';

const OLD_RULES_HINT =
  'Interception is not affected. If this repeats, list the rules of this backend on the node with iptables-legacy-save or iptables-nft-save and their ip6tables counterparts, and remove the ROLEGATE chains.';

export interface BothBackendsDeps {
  readonly run: RunCommand;
  /** The families that the kernel has. */
  readonly families: readonly Family[];
  /** 'auto': the backend that kubelet and kube-proxy use. */
  readonly backend: Backend | 'auto';
  readonly log: Log;
  /** False: the legacy backend has no table, so it is not listed. */
  readonly hasTables: (family: Family) => boolean;
}

/** The chosen backend and its rules. */
export interface Chosen {
  readonly backend: Backend;
  readonly there: Saved;
  /** Never rejects: failures are logged. */
  readonly clearOther: () => Promise<void>;
}

/** iptables of both backends; one of them holds our rules. */
export interface BothBackends {
  readonly iptables: Readonly<Record<Backend, Iptables>>;
  /** Reads both. Rejects if the chosen backend cannot be read. */
  readonly choose: () => Promise<Chosen>;
  /** Removes only our rules. */
  readonly removeFrom: (backend: Backend) => Promise<void>;
}

export function createBothBackends({
  run,
  families,
  backend: wanted,
  log,
  hasTables,
}: BothBackendsDeps): BothBackends {
  const iptables = {
    nft: createIptables({ run, families, hasTables, backend: 'nft' }),
    legacy: createIptables({ run, families, hasTables, backend: 'legacy' }),
  };

  async function remove(backend: Backend, there: Saved | undefined): Promise<void> {
    for (const family of families) {
      const input = removalInput(there?.[family] ?? new Map());
      if (input === '') continue;
      await iptables[backend].restore(family, input);
      log.info('own rules removed from iptables backend', { backend, family });
    }
  }

  return {
    iptables,
    async choose() {
      const { saved, errors } = await saveBoth(iptables);
      for (const error of errors) log.debug('cannot read iptables backend', { error: describeError(error) });
      const backend = wanted === 'auto' ? chooseBackend(saved) : wanted;
      const there = saved[backend];
      if (there === undefined) throw unreadable(wanted, errors);
      const other = backend === 'nft' ? 'legacy' : 'nft';
      const clearOther = () =>
        remove(other, saved[other]).catch((error: unknown) => {
          log.warn('cannot remove old rules from unused iptables backend', {
            backend: other,
            error: describeError(error),
            hint: OLD_RULES_HINT,
          });
        });
      return { backend, there, clearOther };
    },
    removeFrom: async (backend) => remove(backend, await iptables[backend].save()),
  };
}

async function saveBoth(iptables: BothBackends['iptables']) {
  const outcomes = await Promise.allSettled(backends.map((backend) => iptables[backend].save()));
  const [nft, legacy] = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  const errors = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  return { saved: { nft, legacy }, errors };
}

function unreadable(wanted: Backend | 'auto', errors: readonly unknown[]): Error {
  const what = wanted === 'auto' ? 'iptables-nft or iptables-legacy' : `iptables-${wanted}`;
  return new AggregateError(
    errors,
    `cannot read the rules of ${what}; this needs these programs, root and CAP_NET_ADMIN`,
  );
}
