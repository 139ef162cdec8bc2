import { NO_CNI_RESULTS } from './node-programs.ts';
import type { ProgramName } from './node-programs.ts';

/** The programs that run on the node, with their additional flags. */
export interface Mode {
  readonly rules: boolean;
  /** True: other tools' rules are restored if a step has changed them. */
  readonly restoreOtherRules?: boolean;
  readonly programs: Readonly<Partial<Record<ProgramName, readonly string[]>>>;
}

/** States in which a step can start. */
export const modes = {
  /** No rules at all. */
  'no rules': { rules: false, programs: {} },
  /** Only the rules of other tools. */
  'other tools only': { rules: false, restoreOtherRules: true, programs: {} },
  /** The rules that `intercept` installs; no program runs. */
  'rules only': { rules: true, programs: {} },
  up: { rules: true, programs: { server: [], reconcile: [], agent: [] } },
  'up with other tools': {
    rules: true,
    restoreOtherRules: true,
    programs: { server: [], reconcile: [], agent: [] },
  },
  'container credentials': {
    rules: true,
    restoreOtherRules: true,
    programs: { server: [], reconcile: ['--container-credentials'], agent: ['--container-credentials'] },
  },
  /** The directory with CNI results does not exist. */
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
