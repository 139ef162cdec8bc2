import { duration } from '../../src/flags/duration.ts';
import { accepted, ignored, refused } from '../../src/flags/legacy.ts';
import { integer, listenAddress, oneOf, pair, text } from '../../src/flags/kinds.ts';
import { list, needed, optional, setting, toggle } from '../../src/flags/table.ts';
import { parseFlags } from '../../src/flags/flags.ts';

const words = { group: 'All', help: 'what it is' };

/** A program with a flag of each kind and legacy flags of each verdict. */
export const program = {
  name: 'kettle',
  summary: 'boils water',
  envPrefix: 'KETTLE_',
  subcommand: 'boil',
  flags: {
    bind: setting(listenAddress, { ...words, fallback: '0.0.0.0:9610' }),
    wait: setting(duration({ maxMs: 3_600_000 }), { ...words, fallback: '5m' }),
    port: setting(integer({ min: 0, max: 65_535 }), { ...words, fallback: '8181' }),
    mode: setting(oneOf(['slow', 'fast'], { quick: 'fast' }), { ...words, fallback: 'slow' }),
    name: needed(text(), { ...words, hint: 'give it a name' }),
    place: optional(text(), { ...words, env: ['HOME_PLACE', 'PLACE'] }),
    host: list(text(), { ...words, separator: 'comma', fallback: ['a', 'b'] }),
    rule: list(text(), { ...words, separator: 'line' }),
    tag: list(pair('KEY=VALUE'), { ...words, separator: 'line' }),
    loud: toggle(words),
  },
  legacy: {
    bind: accepted(['other'], ''),
    listen: accepted(['other'], { as: 'port', why: '' }),
    'metrics-port': accepted(['other'], { as: 'bind', translate: (port) => `0.0.0.0:${port}`, why: '' }),
    quiet: accepted(['other'], {
      as: 'mode',
      isSwitch: true,
      harmless: ['false'],
      translate: () => 'slow',
      why: '',
    }),
    auto: accepted(['other'], { isSwitch: true, why: 'always so', off: 'it is always so' }),
    workers: ignored(['other'], 'there are none'),
    burn: ignored(['other'], { isSwitch: true, why: 'it never burns' }),
    token: refused(['other'], 'use a file'),
    format: refused(['other'], { harmless: ['plain'], why: 'plain only' }),
    open: refused(['other'], { isSwitch: true, why: 'it stays shut' }),
  },
} as const;

/** Parses its flags, with the required one. */
export function setup(argv: readonly string[] = [], env: Record<string, string> = {}) {
  const outcome = parseFlags(program, { argv: ['--name', 'k', ...argv], env });
  return {
    outcome,
    get values() {
      if (outcome.kind !== 'values') throw new Error(JSON.stringify(outcome));
      return outcome.values;
    },
    get warnings() {
      return outcome.kind === 'values' ? outcome.warnings : [];
    },
    get faults() {
      return outcome.kind === 'faults' ? outcome.faults : [];
    },
  };
}
