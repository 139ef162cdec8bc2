import { logLevels } from '../log/log.ts';
import { oneOf } from './kinds.ts';
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
