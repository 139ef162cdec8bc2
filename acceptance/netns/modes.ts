import { NO_CNI_RESULTS } from './node-programs.ts';
import type { ProgramName } from './node-programs.ts';

/** What runs on the node, with flags beside the usual ones. */
export interface Mode {
  readonly rules: boolean;
  /** Other tools' rules are there as they laid them, whatever a step has made of them. */
  readonly othersWhole?: boolean;
  readonly programs: Readonly<Partial<Record<ProgramName, readonly string[]>>>;
}

/** States that the node is brought to before a step. */
export const modes = {
  /** No rule of Rolegate's, nor of another tool's. */
  open: { rules: false, programs: {} },
  /** Other tools are there; Rolegate is not. */
  uninstalled: { rules: false, othersWhole: true, programs: {} },
  /** By `intercept`; nothing runs. */
  'rules only': { rules: true, programs: {} },
  up: { rules: true, programs: { server: [], reconcile: [], agent: [] } },
  'up among others': {
    rules: true,
    othersWhole: true,
    programs: { server: [], reconcile: [], agent: [] },
  },
  /** The runtime's directory is not there. */
  'without CNI results': {
    rules: true,
    programs: { server: [], reconcile: [NO_CNI_RESULTS], agent: [] },
  },
  'wrong interface': {
    rules: true,
    programs: { server: [], reconcile: ['--host-interface', 'nothing+'], agent: [] },
  },
  firewall: { rules: true, programs: { reconcile: [], firewall: [] } },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof modes;
