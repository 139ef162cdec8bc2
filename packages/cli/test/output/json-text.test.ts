import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/output/json-text.ts';

describe('the JSON of a command', () => {
  it('has no control characters but the ends of its lines, and is read as what was given', () => {
    const given = { text: 'a\u001b[31m\u007f\u009b31m\u2028b' };
    const text = jsonText(given);
    expect(JSON.parse(text)).toEqual(given);
    expect(text).not.toMatch(/[^\n\P{C}]|\u2028/u);
  });
});
