import { logLevels } from '../log/log.ts';
import { oneOf } from './kinds.ts';
import { accepted } from './legacy.ts';
import type { LegacyFlags } from './legacy.ts';
import { setting } from './table.ts';

/** The flags for logging of every long-running program, in the given group. */
export const logFlags = (group: string) => ({
  'log-level': setting(oneOf(logLevels, { warning: 'warn' }), {
    group,
    fallback: 'info',
    help: 'minimum level of log messages',
  }),
  'log-format': setting(oneOf(['json', 'text']), {
    group,
    fallback: 'json',
    help: 'json: one object per line; text: for people',
  }),
});

/** The logging flags of kiam and kube2iam. */
export const legacyLogFlags = (of: readonly string[]): LegacyFlags => ({
  level: accepted(of, { as: 'log-level', why: '' }),
  'json-log': accepted(of, {
    as: 'log-format',
    isSwitch: true,
    translate: (json) => (json === 'true' ? 'json' : 'text'),
    why: 'json is the default here',
  }),
});
