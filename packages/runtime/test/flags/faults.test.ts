import { describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../../src/flags/flags.ts';
import { parseFlags } from '../../src/flags/flags.ts';
import { program, setup } from './kettle.ts';

describe('Flag faults', () => {
  it.each([
    { argv: ['--wiat', '1m'], fault: 'unknown flag --wiat; did you mean --wait?' },
    { argv: ['--wiat=1m'], fault: 'unknown flag --wiat; did you mean --wait?' },
    { argv: ['--hots', 'x'], fault: 'unknown flag --hots; did you mean --host?' },
    { argv: ['--tokne', 'x'], fault: 'unknown flag --tokne; did you mean --token?' },
    { argv: ['--completely-else'], fault: 'unknown flag --completely-else; --help lists all flags' },
    { argv: ['--no-wait'], fault: 'unknown flag --no-wait; did you mean --wait?' },
    { argv: ['--constructor'], fault: 'unknown flag --constructor; --help lists all flags' },
    { argv: ['--__proto__=x'], fault: 'unknown flag --__proto__; --help lists all flags' },
    { argv: ['stray'], fault: 'unexpected argument "stray"; flags begin with two dashes' },
    { argv: ['--', '--loud'], fault: 'unexpected argument "--loud"; flags begin with two dashes' },
    { argv: ['-p'], fault: 'unknown flag "-p"; flags begin with two dashes' },
    { argv: ['--wait'], fault: '--wait needs a value; write --wait=VALUE if the value begins with a dash' },
    {
      argv: ['--wait', '--loud'],
      fault: '--wait needs a value; write --wait=VALUE if the value begins with a dash',
    },
    { argv: ['--wait='], fault: '--wait: the value is empty; set a value or remove the flag' },
    {
      argv: ['--wait', '--place=1m'],
      fault: '--wait needs a value; write --wait=VALUE if the value begins with a dash',
    },
    { argv: ['--host', ','], fault: '--host: the value is empty; set a value or remove the flag' },
    { argv: ['--wait', '2h'], fault: '--wait: "2h" is too long; use 1h or less' },
    {
      argv: ['--loud=maybe'],
      fault: '--loud: unknown value "maybe"; use true or false',
    },
    { argv: ['--no-loud=true'], fault: '--no-loud takes no value; remove it' },
    {
      argv: ['--port', '1', '--port', '2'],
      fault: '--port: given twice, as "1" and "2"; remove one',
    },
    {
      argv: ['--port', '1', '--listen', '2'],
      fault: '--port: given twice, as "1" and "2"; remove one',
    },
    { argv: ['--tag', 'x'], fault: '--tag: "x" is not a key and a value; write it as KEY=VALUE' },
  ])('The arguments $argv are reported as one fault', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });

  it('All faults are reported together, each with the name by which its value was given', () => {
    const outcome = parseFlags(program, {
      argv: ['--wait', 'soon', '--lsiten', '4', '--host=,', '--listen', 'x', '--token', 'hunter2'],
      env: { KETTLE_MODE: 'odd', KETTLE_LOUD: 'yes' },
    });
    expect(outcome).toEqual({
      kind: 'faults',
      faults: [
        'unknown flag --lsiten; did you mean --listen?',
        '--token is refused: use a file',
        '--wait: "soon" is not a duration; write it as 15m, 1h30m or 850ms',
        '--listen: "x" is not a whole number from 0 to 65535; write it in digits',
        'KETTLE_MODE: unknown value "odd"; use slow or fast',
        '--name: a value is required; give it a name',
        '--host: the value is empty; set a value or remove the flag',
        'KETTLE_LOUD: unknown value "yes"; use true or false',
      ],
    });
  });

  it('Rules between flags add their faults, and see no value that is at fault', () => {
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

describe('Legacy flags', () => {
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
  ])('The legacy flags $argv are accepted', ({ argv, values, warnings }) => {
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
      fault: '--open: unknown value "perhaps"; use true or false',
    },
  ])('The legacy flag $argv is refused', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });
});
