import { describe, expect, it } from 'vitest';
import { lineFault, printedOf } from '../plugin/lost-lines.ts';

const line = (msg: string) => JSON.stringify({ msg });
const LOG = ['a', 'b', 'c'].map(line).join('\n');

describe('The lines that kubectl rolegate logs prints', () => {
  it('Those of one container are found, as its log has them', () => {
    const printed = [
      '{"msg":"a","kubernetes":{"pod":"agent-1","container":"agent"}}',
      '{"msg":"b","kubernetes":{"pod":"agent-1","container":"reconcile"}}',
      '{"msg":"c","kubernetes":{"pod":"agent-2","container":"agent"}}',
    ];
    expect(printedOf(printed, { pod: 'agent-1', container: 'agent' })).toEqual([line('a')]);
  });

  it.each([
    ['a log', ['a', 'b', 'c']],
    ['its end', ['b', 'c']],
    ['it and what came later', ['a', 'b', 'c', 'd']],
  ])('All lines of %s are no fault', (_, printed) => {
    expect(lineFault(printed.map(line), LOG)).toBeUndefined();
  });

  it.each([
    ['A lost line', ['a', 'c']],
    ['A lost last line', ['a', 'b']],
    ['A line that comes twice', ['a', 'b', 'b', 'c']],
    ['Another order', ['a', 'c', 'b']],
    ['No line', []],
  ])('%s is a fault', (_, printed) => {
    expect(lineFault(printed.map(line), LOG)).toBeDefined();
  });
});
