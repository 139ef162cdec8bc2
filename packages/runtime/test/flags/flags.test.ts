import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseFlags } from '../../src/flags/flags.ts';
import { program, setup } from './kettle.ts';

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
    fc.constantFrom(...Object.keys(program.flags), ...Object.keys(program.legacy)).map((name) => `--${name}`),
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
