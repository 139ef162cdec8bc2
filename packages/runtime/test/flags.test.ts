import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { duration } from '../src/flags-duration.ts';
import { accepted, ignored, refused } from '../src/flags-foreign.ts';
import { integer, listenAddress, oneOf, pair, text } from '../src/flags-kinds.ts';
import { list, needed, optional, setting, toggle } from '../src/flags-table.ts';
import type { CheckOutcome } from '../src/flags.ts';
import { parseFlags } from '../src/flags.ts';

const words = { group: 'All', help: 'what it is' };

const program = {
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
  foreign: {
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

function setup(argv: readonly string[] = [], env: Record<string, string> = {}) {
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

describe('where a value comes from', () => {
  it('takes the defaults when nothing is given', () => {
    expect(setup().values).toEqual({
      bind: { host: '0.0.0.0', port: 9610 },
      wait: 300_000,
      port: 8181,
      mode: 'slow',
      name: 'k',
      place: undefined,
      host: ['a', 'b'],
      rule: [],
      tag: [],
      loud: false,
    });
  });

  it('takes the environment before the default, and the flag before the environment', () => {
    expect(setup([], { KETTLE_WAIT: '1h' }).values.wait).toBe(3_600_000);
    expect(setup(['--wait', '2m'], { KETTLE_WAIT: '1h' }).values.wait).toBe(120_000);
  });

  it('replaces a list as a whole: what a flag names is not added to what the environment names', () => {
    expect(setup(['--host', 'x'], { KETTLE_HOST: 'y,z' }).values.host).toEqual(['x']);
  });

  it('does not read a variable at all when the flag is given', () => {
    expect(setup(['--wait', '2m'], { KETTLE_WAIT: 'soon' }).values.wait).toBe(120_000);
  });

  it('takes further variables in their order, after its own', () => {
    const env = { HOME_PLACE: 'first', PLACE: 'second' };
    expect(setup([], env).values.place).toBe('first');
    expect(setup([], { ...env, KETTLE_PLACE: 'own' }).values.place).toBe('own');
  });

  it('counts an empty variable as none', () => {
    expect(setup([], { KETTLE_PORT: '', HOME_PLACE: '', PLACE: 'there' }).values).toMatchObject({
      port: 8181,
      place: 'there',
    });
  });

  it("does not take Kubernetes's links to a Service of the same name for settings", () => {
    const env = {
      KETTLE_PORT: 'tcp://10.96.0.7:8181',
      KETTLE_PORT_8181_TCP_ADDR: '10.96.0.7',
      KETTLE_SERVICE_HOST: '10.96.0.7',
      KETTLE_SERVICE_PORT_HTTP: '8181',
    };
    expect(setup([], env).values.port).toBe(8181);
    expect(setup([], env).warnings).toEqual([]);
  });

  it('warns of a variable that looks like a setting and is none', () => {
    expect(setup([], { KETTLE_WIAT: '1h', OTHER: 'x', KETTLE_ZZZZZZZZZZ: '1' }).warnings).toEqual([
      'KETTLE_WIAT is ignored: it sets nothing here; KETTLE_WAIT is near',
      'KETTLE_ZZZZZZZZZZ is ignored: it sets nothing here',
    ]);
  });
});

describe('how a flag is written', () => {
  it.each([
    { argv: ['--wait', '1m'], wait: 60_000 },
    { argv: ['--wait=1m'], wait: 60_000 },
    { argv: ['boil'], wait: 300_000, first: true },
  ])('$argv', ({ argv, wait, first = false }) => {
    const outcome = parseFlags(program, {
      argv: first ? [...argv, '--name=k'] : ['--name=k', ...argv],
      env: {},
    });
    expect(outcome).toMatchObject({ kind: 'values', values: { wait } });
  });

  it.each([
    { argv: ['--loud'], loud: true },
    { argv: ['--loud=true'], loud: true },
    { argv: ['--loud', 'true'], loud: true },
    { argv: ['--loud=1'], loud: true },
    { argv: ['--no-loud'], loud: false },
    { argv: ['--loud=False'], loud: false },
    { argv: ['--loud', 'false'], loud: false },
    { argv: ['--loud', '--wait', '1m'], loud: true },
  ])('a switch: $argv', ({ argv, loud }) => {
    expect(setup(argv).values.loud).toBe(loud);
  });

  it('splits lists at commas, or, where a value may hold one, at lines', () => {
    const argv = ['--host', 'x, y', '--host=z,', '--rule', 'a{1,2}', '--rule', 'b'];
    expect(setup(argv).values).toMatchObject({ host: ['x', 'y', 'z'], rule: ['a{1,2}', 'b'] });
    expect(setup([], { KETTLE_RULE: 'a{1,2}\n b\n' }).values.rule).toEqual(['a{1,2}', 'b']);
  });

  it('ends the key of a pair at the first equals sign', () => {
    expect(setup(['--tag=team={x}=y']).values.tag).toEqual([['team', '{x}=y']]);
  });

  it('takes a value that begins with a dash after an equals sign', () => {
    expect(setup(['--place=-1']).values.place).toBe('-1');
  });

  it('lets a flag be given twice with one value', () => {
    expect(setup(['--port', '1', '--listen', '1']).values.port).toBe(1);
  });

  it('freezes what it returns', () => {
    const { values } = setup(['--tag', 'a=b']);
    expect([values, values.bind, values.host, values.tag, values.tag[0]].every(Object.isFrozen)).toBe(true);
  });
});

describe('faults', () => {
  it.each([
    { argv: ['--wiat', '1m'], fault: '--wiat is not known; --wait is near' },
    { argv: ['--wiat=1m'], fault: '--wiat is not known; --wait is near' },
    { argv: ['--hots', 'x'], fault: '--hots is not known; --host is near' },
    { argv: ['--tokne', 'x'], fault: '--tokne is not known; --token is near' },
    { argv: ['--completely-else'], fault: '--completely-else is not known; --help lists all' },
    { argv: ['--no-wait'], fault: '--no-wait is not known; --wait is near' },
    { argv: ['--constructor'], fault: '--constructor is not known; --help lists all' },
    { argv: ['--__proto__=x'], fault: '--__proto__ is not known; --help lists all' },
    { argv: ['stray'], fault: '"stray" is no flag; flags begin with two dashes' },
    { argv: ['--', '--loud'], fault: '"--loud" is no flag; flags begin with two dashes' },
    { argv: ['-p'], fault: 'flags of one letter ("-p") are not known; use two dashes' },
    { argv: ['--wait'], fault: '--wait needs a value; one that begins with a dash is written --wait=…' },
    {
      argv: ['--wait', '--loud'],
      fault: '--wait needs a value; one that begins with a dash is written --wait=…',
    },
    { argv: ['--wait='], fault: '--wait: the value is empty; leave it out or fill it in' },
    { argv: ['--host', ','], fault: '--host: the value is empty; leave it out or fill it in' },
    { argv: ['--wait', '2h'], fault: '--wait: "2h" is too long; it takes 1h or less' },
    {
      argv: ['--loud=maybe'],
      fault: '--loud: "maybe" is neither true nor false; give the flag alone, or =false',
    },
    { argv: ['--no-loud=true'], fault: '--no-loud takes no value; leave it out' },
    {
      argv: ['--port', '1', '--port', '2'],
      fault: '--port: it is given twice, as "1" and "2"; leave one out',
    },
    {
      argv: ['--port', '1', '--listen', '2'],
      fault: '--port: it is given twice, as "1" and "2"; leave one out',
    },
    { argv: ['--tag', 'x'], fault: '--tag: "x" has no key and value; write it as KEY=VALUE' },
  ])('$argv', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });

  it('tells all at once, each by the name that it was given by', () => {
    const outcome = parseFlags(program, {
      argv: ['--wait', 'soon', '--lsiten', '4', '--host=,', '--listen', 'x', '--token', 'hunter2'],
      env: { KETTLE_MODE: 'odd', KETTLE_LOUD: 'yes' },
    });
    expect(outcome).toEqual({
      kind: 'faults',
      faults: [
        '--lsiten is not known; --listen is near',
        '--token is refused: use a file',
        '--wait: "soon" is no duration; write it as 15m, 1h30m or 850ms',
        '--listen: "x" is no whole number from 0 to 65535; write it in digits',
        'KETTLE_MODE: "odd" is not known; use slow or fast',
        '--name: it is needed; give it a name',
        '--host: the value is empty; leave it out or fill it in',
        'KETTLE_LOUD: "yes" is neither true nor false; give the flag alone, or =false',
      ],
    });
  });

  it('adds the faults and warnings of rules between flags, and hands them no value that is at fault', () => {
    const seen: unknown[] = [];
    const check = (values: object, given: ReadonlySet<string>): CheckOutcome => {
      seen.push({ values, given: [...given] });
      return { faults: ['slow needs --loud'] };
    };
    const outcome = parseFlags(program, {
      argv: ['--wait', 'soon', '--listen=1'],
      env: { PLACE: 'x' },
      check,
    });
    expect(outcome).toMatchObject({
      kind: 'faults',
      faults: [expect.anything(), expect.anything(), 'slow needs --loud'],
    });
    expect(seen).toEqual([
      {
        values: expect.not.objectContaining({ wait: expect.anything() }) as unknown,
        given: ['place', 'wait', 'port'],
      },
    ]);
  });
});

describe("another program's flags", () => {
  it.each([
    { argv: ['--listen', '4'], values: { port: 4 }, warnings: [] },
    { argv: ['--metrics-port=4'], values: { bind: { host: '0.0.0.0', port: 4 } }, warnings: [] },
    { argv: ['--quiet'], values: { mode: 'slow' }, warnings: [] },
    { argv: ['--mode=fast', '--no-quiet'], values: { mode: 'fast' }, warnings: [] },
    { argv: ['--auto'], values: {}, warnings: [] },
    { argv: ['--workers', '8'], values: {}, warnings: ['--workers is ignored: there are none'] },
    { argv: ['--workers=8', '--workers=8'], values: {}, warnings: ['--workers is ignored: there are none'] },
    { argv: ['--burn'], values: {}, warnings: ['--burn is ignored: it never burns'] },
    { argv: ['--no-burn', '--burn=false', '--open', 'false'], values: {}, warnings: [] },
    { argv: ['--token=', '--format', 'plain'], values: {}, warnings: [] },
  ])('takes $argv', ({ argv, values, warnings }) => {
    const outcome = setup(argv);
    expect(outcome.values).toMatchObject(values);
    expect(outcome.warnings).toEqual(warnings);
  });

  it.each([
    { argv: ['--open'], fault: '--open is refused: it stays shut' },
    { argv: ['--format', 'rich'], fault: '--format is refused: plain only' },
    { argv: ['--no-auto'], fault: '--no-auto is refused: it is always so' },
    { argv: ['--auto=false'], fault: '--auto is refused: it is always so' },
    {
      argv: ['--open=perhaps'],
      fault: '--open: "perhaps" is neither true nor false; give the flag alone, or =false',
    },
  ])('refuses $argv', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });
});

describe('help and version', () => {
  it.each([['--help'], ['-h']])('%s shows help, whatever else is wrong', (flag) => {
    expect(setup(['--wiat', flag]).outcome).toMatchObject({ kind: 'help' });
  });

  it('knows --version', () => {
    expect(setup(['--version']).outcome).toEqual({ kind: 'version' });
  });
});

describe('whatever is given', () => {
  const piece = fc.oneof(
    fc
      .constantFrom(...Object.keys(program.flags), ...Object.keys(program.foreign))
      .map((name) => `--${name}`),
    fc.constantFrom('--', '-', '--=', '-=', '--no-', '--no-loud', '', '=', '1', 'true', '-abc', '--x=y'),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.constantFrom(...Object.keys(program.flags)), fc.string())
      .map(([name, value]) => `--${name}=${value}`),
  );

  it('answers with one of its four kinds, and never throws', () => {
    fc.assert(
      fc.property(
        fc.array(piece),
        fc.dictionary(
          piece.map((name) => `KETTLE_${name}`),
          fc.string(),
        ),
        (argv, env) => {
          const { kind } = parseFlags(program, { argv, env });
          expect(['values', 'faults', 'help', 'version']).toContain(kind);
        },
      ),
    );
  });

  it('never shows the value of a refused flag', () => {
    fc.assert(
      fc.property(fc.uuid(), (secret) => {
        expect(JSON.stringify(setup(['--token', secret, `--token=${secret}`]).outcome)).not.toContain(secret);
      }),
    );
  });
});
