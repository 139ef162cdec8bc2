import { describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../../src/flags/flags.ts';
import { parseFlags } from '../../src/flags/flags.ts';
import { program, setup } from './kettle.ts';

describe('Flag faults', () => {
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
    {
      argv: ['--wait', '--place=1m'],
      fault: '--wait needs a value; one that begins with a dash is written --wait=…',
    },
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
  ])('The arguments $argv are reported as one fault', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });

  it('All faults are reported at once, each by the name the value was given by', () => {
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
      fault: '--open: "perhaps" is neither true nor false; give the flag alone, or =false',
    },
  ])('The legacy flag $argv is refused', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });
});
