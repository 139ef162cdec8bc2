import { agentLegacyFlags } from '@rolegate/agent/legacy-flags';
import type { LegacyFlags } from '@rolegate/runtime';
import { judgeLegacy } from '@rolegate/runtime';
import { serverLegacyFlags } from '@rolegate/server/legacy-flags';
import { describeProgram } from './old-program.ts';
import type { OldProgram } from './old-program.ts';

/** What becomes of a flag of the old system. Its value is not part of it, since it can be a secret. */
export interface FlagRow {
  /** The workload that has it. */
  readonly of: string;
  readonly flag: string;
  /** same: it means the same; needless: it changes nothing any more; none: something else is to be done. */
  readonly verdict: 'same' | 'needless' | 'none';
  /** The new flag with its program, or ''. */
  readonly now: string;
  readonly why: string;
}

interface Table {
  readonly program: 'rolegate-agent' | 'rolegate-server';
  readonly flags: LegacyFlags;
}

const AGENT: Table = { program: 'rolegate-agent', flags: agentLegacyFlags };
const SERVER: Table = { program: 'rolegate-server', flags: serverLegacyFlags };
/** Their order in a report: what needs work first. */
const ORDER = ['none', 'same', 'needless'] as const;

/** The flags of the old system, with what needs work first. */
export function flagRows(programs: readonly OldProgram[]): readonly FlagRow[] {
  const rows = programs.flatMap((program) =>
    [...program.given].map(([flag, values]) => flagRow(program, flag, values.at(-1) ?? '')),
  );
  return ORDER.flatMap((verdict) => rows.filter((row) => row.verdict === verdict));
}

function flagRow(program: OldProgram, flag: string, value: string): FlagRow {
  const of = describeProgram(program);
  // kube2iam is agent and server in one: whichever of the two takes the flag has it.
  const tables =
    program.system === 'kube2iam' ? [AGENT, SERVER] : [program.part === 'agent' ? AGENT : SERVER];
  const rows = tables.flatMap((table) => rowIn(table, flag, value)).map((row) => ({ of, flag, ...row }));
  const best = (['same', 'needless', 'none'] as const).flatMap((verdict) =>
    rows.filter((row) => row.verdict === verdict),
  );
  return (
    best[0] ?? {
      of,
      flag,
      verdict: 'none',
      now: '',
      why: 'it is not a flag of kiam 4 or kube2iam; Rolegate has none like it',
    }
  );
}

function rowIn(
  { program, flags }: Table,
  flag: string,
  value: string,
): readonly Omit<FlagRow, 'of' | 'flag'>[] {
  const legacy = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
  if (legacy === undefined) return [];
  const { why } = legacy;
  const outcome = judgeLegacy(legacy, { text: value, by: `--${flag}` });
  if (outcome.kind === 'fault') return [{ verdict: 'none', now: '', why: legacy.off ?? why }];
  if (legacy.verdict !== 'accepted' || outcome.kind === 'nothing')
    return [{ verdict: 'needless', now: '', why }];
  return [{ verdict: 'same', now: `${program} --${legacy.as ?? flag}`, why }];
}
