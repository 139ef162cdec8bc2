import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseFlags } from '../../src/flags/flags.ts';
import { program, setup } from './kettle.ts';

describe('Value sources', () => {
  it('A flag that is not given has its default', () => {
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

  it('The environment counts before the default, and the flag before the environment', () => {
    expect(setup([], { KETTLE_WAIT: '1h' }).values.wait).toBe(3_600_000);
    expect(setup(['--wait', '2m'], { KETTLE_WAIT: '1h' }).values.wait).toBe(120_000);
  });

  it('A list given by a flag replaces the one in the environment', () => {
    expect(setup(['--host', 'x'], { KETTLE_HOST: 'y,z' }).values.host).toEqual(['x']);
  });

  it('A variable is not read if its flag is given', () => {
    expect(setup(['--wait', '2m'], { KETTLE_WAIT: 'soon' }).values.wait).toBe(120_000);
  });

  it("Further variables are read in their order, after the flag's own", () => {
    const env = { HOME_PLACE: 'first', PLACE: 'second' };
    expect(setup([], env).values.place).toBe('first');
    expect(setup([], { ...env, KETTLE_PLACE: 'own' }).values.place).toBe('own');
  });

  it('An empty variable is treated as unset', () => {
    expect(setup([], { KETTLE_PORT: '', HOME_PLACE: '', PLACE: 'there' }).values).toMatchObject({
      port: 8181,
      place: 'there',
    });
  });

  it('Kubernetes Service variables of the same prefix are not read as settings', () => {
    const env = {
      KETTLE_PORT: 'tcp://10.96.0.7:8181',
      KETTLE_PORT_8181_TCP_ADDR: '10.96.0.7',
      KETTLE_SERVICE_HOST: '10.96.0.7',
      KETTLE_SERVICE_PORT_HTTP: '8181',
    };
    expect(setup([], env).values.port).toBe(8181);
    expect(setup([], env).warnings).toEqual([]);
  });

  it("An unknown variable with the program's prefix causes a warning", () => {
    expect(setup([], { KETTLE_WIAT: '1h', OTHER: 'x', KETTLE_ZZZZZZZZZZ: '1' }).warnings).toEqual([
      'KETTLE_WIAT is ignored: it is not a setting; did you mean KETTLE_WAIT?',
      'KETTLE_ZZZZZZZZZZ is ignored: it is not a setting',
    ]);
  });
});

describe('Flag syntax', () => {
  it.each([
    { argv: ['--wait', '1m'], wait: 60_000 },
    { argv: ['--wait=1m'], wait: 60_000 },
    { argv: ['boil'], wait: 300_000, first: true },
  ])(
    'The arguments $argv are read, and a first word that is not a flag is skipped',
    ({ argv, wait, first = false }) => {
      const outcome = parseFlags(program, {
        argv: first ? [...argv, '--name=k'] : ['--name=k', ...argv],
        env: {},
      });
      expect(outcome).toMatchObject({ kind: 'values', values: { wait } });
    },
  );

  it.each([
    { argv: ['--loud'], loud: true },
    { argv: ['--loud=true'], loud: true },
    { argv: ['--loud', 'true'], loud: true },
    { argv: ['--loud=1'], loud: true },
    { argv: ['--no-loud'], loud: false },
    { argv: ['--loud=False'], loud: false },
    { argv: ['--loud', 'false'], loud: false },
    { argv: ['--loud', '--wait', '1m'], loud: true },
  ])('The switch $argv is read', ({ argv, loud }) => {
    expect(setup(argv).values.loud).toBe(loud);
  });

  it('Lists are split at commas, or at lines if a value can contain a comma', () => {
    const argv = ['--host', 'x, y', '--host=z,', '--rule', 'a{1,2}', '--rule', 'b'];
    expect(setup(argv).values).toMatchObject({ host: ['x', 'y', 'z'], rule: ['a{1,2}', 'b'] });
    expect(setup([], { KETTLE_RULE: 'a{1,2}\n b\n' }).values.rule).toEqual(['a{1,2}', 'b']);
  });

  it('The key of a pair ends at the first equals sign', () => {
    expect(setup(['--tag=team={x}=y']).values.tag).toEqual([['team', '{x}=y']]);
  });

  it('A value that begins with a dash is read after an equals sign', () => {
    expect(setup(['--place=-1']).values.place).toBe('-1');
  });

  it('A flag can be given twice with the same value', () => {
    expect(setup(['--port', '1', '--listen', '1']).values.port).toBe(1);
  });

  it('The returned values are frozen', () => {
    const { values } = setup(['--tag', 'a=b']);
    expect([values, values.bind, values.host, values.tag, values.tag[0]].every(Object.isFrozen)).toBe(true);
  });
});

describe('Help and version', () => {
  it.each([['--help'], ['-h']])('The flag %s shows the help, whatever else is wrong', (flag) => {
    expect(setup(['--wiat', flag]).outcome).toMatchObject({ kind: 'help' });
  });

  it('The flag --version requests the version', () => {
    expect(setup(['--version']).outcome).toEqual({ kind: 'version' });
  });
});

describe('Flags, property', () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.keys(program.flags), ...Object.keys(program.legacy)).map((name) => `--${name}`),
    fc.constantFrom('--', '-', '--=', '-=', '--no-', '--no-loud', '', '=', '1', 'true', '-abc', '--x=y'),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.constantFrom(...Object.keys(program.flags)), fc.string())
      .map(([name, value]) => `--${name}=${value}`),
  );

  it('Parsing returns one of four kinds for any input, and never throws', () => {
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

  it('Messages never contain the value of a refused flag', () => {
    fc.assert(
      fc.property(fc.uuid(), (secret) => {
        expect(JSON.stringify(setup(['--token', secret, `--token=${secret}`]).outcome)).not.toContain(secret);
      }),
    );
  });
});
