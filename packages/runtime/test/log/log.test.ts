import { describe, expect, it } from 'vitest';
import { createLog, describeError, logLevels, silentLog } from '@rolegate/runtime';
import type { LogOptions } from '@rolegate/runtime';

function setup(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
  };
  const log = createLog({ level: 'debug', format: 'json', write, ...options });
  return { log, lines, first: () => JSON.parse(lines[0] ?? 'null') as Record<string, unknown> };
}

describe('Log', () => {
  it('A log line is one JSON object with the time, the level as a word, a constant message and the fields', () => {
    const { log, lines, first } = setup({ base: { node: 'node-1' } });
    log.info('feed synced', { server: '127.0.0.1:9610', durationMs: 12 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(first()).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
      level: 'info',
      msg: 'feed synced',
      node: 'node-1',
      server: '127.0.0.1:9610',
      durationMs: 12,
    });
  });

  it.each(logLevels.map((level, index) => ({ level, written: logLevels.slice(index) })))(
    'A log at level $level writes the levels $written',
    ({ level, written }) => {
      const { log, lines } = setup({ level });
      for (const each of logLevels) log[each](`a ${each} line`);
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
    },
  );

  it.each(['secretAccessKey', 'SecretAccessKey', 'sessionToken', 'token', 'Token', 'secret'])(
    'The field %s is censored, also one object deep',
    (field) => {
      const { log, lines } = setup();
      log.info('should not happen', {
        [field]: 'hunter2',
        credentials: { [field]: 'hunter2', accessKeyId: 'ASIA1' },
      });
      expect(lines.join('')).not.toContain('hunter2');
      expect(lines.join('')).toContain('[secret]');
      expect(lines.join('')).toContain('ASIA1');
    },
  );

  it('An error is logged as its message and its causes, without a stack', () => {
    const { log, first } = setup();
    log.error('sts failed', { error: new Error('AssumeRole failed', { cause: new Error('ECONNREFUSED') }) });
    expect(first()['error']).toBe('AssumeRole failed: ECONNREFUSED');
  });

  it('A log line stays one line, whatever a field holds', () => {
    for (const format of ['json', 'text'] as const) {
      const { log, lines } = setup({ format });
      log.info('bad annotation', { role: 'x\ny\r\u2028\u009b31m{"level":"fatal"}' });
      expect(lines).toHaveLength(1);
      expect(lines[0]?.trimEnd()).not.toMatch(/[\n\r]/);
      if (format === 'text') expect(lines[0]?.trimEnd()).not.toMatch(/[\u2028\u009b]/);
    }
  });

  it.each(['json', 'text'] as const)('Texts and lists that are too long are cut in format %s', (format) => {
    const { log, lines } = setup({ format });
    const long = 'x'.repeat(1_000_000);
    const fields = {
      version: long,
      deep: { keys: [long, 'y'] },
      many: Array.from({ length: 100_000 }, () => 'z'),
    };
    log.warn('limit reached', { ...fields, error: new Error(long, { cause: new Error(long) }) });
    expect(lines[0]?.length).toBeLessThan(10_000);
    expect(lines[0]).toContain('… (997952 more)');
    expect(lines[0]).toContain('… (99872 more)');
    expect(fields.deep.keys).toEqual([long, 'y']);
  });

  it('Short values are logged unchanged however deep they are, and a circular object does not make the log throw', () => {
    const { log, first } = setup();
    const fields = { at: new Date(0), list: [1, null, 'x'.repeat(2_048)], a: { b: { c: 'd' } } };
    log.info('state', fields);
    expect(first()).toMatchObject({ ...fields, at: '1970-01-01T00:00:00.000Z' });
    const round: Record<string, unknown> = { list: ['x'.repeat(3_000)] };
    round['self'] = round;
    expect(() => {
      log.info('round', round);
    }).not.toThrow();
  });

  it('The text format writes the level, the message and the fields as key=value', () => {
    const { log, lines } = setup({ format: 'text' });
    log.warn('feed lost', { server: 's', retry: { inMs: 5 } });
    expect(lines[0]).toMatch(/^\d{4}-\S+Z WARN {2}feed lost server=s retry=\{"inMs":5\}\n$/);
  });

  it('The silent log accepts every level without throwing', () => {
    expect(() => {
      for (const level of logLevels) silentLog[level]('nothing', {});
    }).not.toThrow();
  });
});

describe('Error description', () => {
  it.each([
    { error: new Error('a'), text: 'a' },
    { error: new Error('a', { cause: new Error('b', { cause: 'c' }) }), text: 'a: b: c' },
    { error: new AggregateError([new Error('x'), 'y'], 'both'), text: 'both; x; y' },
    { error: new AggregateError([new Error('x')]), text: 'x' },
    { error: 'a text', text: 'a text' },
    { error: undefined, text: 'undefined' },
    { error: null, text: 'null' },
    { error: 42, text: '42' },
  ])('An error is described as $text', ({ error, text }) => {
    expect(describeError(error)).toBe(text);
  });

  it('The description of an error that is its own cause ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)).toMatch(/^round(?:: round)+$/);
  });
});
