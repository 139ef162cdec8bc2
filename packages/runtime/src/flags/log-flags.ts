import { logLevels } from '../log/log.ts';
import { oneOf } from './kinds.ts';
import { accepted } from './legacy.ts';
import type { LegacyFlags } from './legacy.ts';
import { setting } from './table.ts';

/** How a program logs: every one that runs on has these, in the group that it gives. */
export const logFlags = (group: string) => ({
  'log-level': setting(oneOf(logLevels, { warning: 'warn' }), {
    group,
    fallback: 'info',
    help: 'least level that is written',
  }),
  'log-format': setting(oneOf(['json', 'text']), {
    group,
    fallback: 'json',
    help: 'json: one object a line; text: for people',
  }),
});

/** The same as other programs have them. */
export const legacyLogFlags = (of: readonly string[]): LegacyFlags => ({
  level: accepted(of, { as: 'log-level', why: '' }),
  'json-log': accepted(of, {
    as: 'log-format',
    isSwitch: true,
    translate: (json) => (json === 'true' ? 'json' : 'text'),
    why: 'json is the default here',
  }),
});
