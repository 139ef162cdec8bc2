import { describe, expect, it } from 'vitest';
import { fittedTable } from '../../src/output/table.ts';

describe('a table', () => {
  it('aligns its columns and shows empty cells as dashes', () => {
    expect(
      fittedTable(
        ['NODE', 'AGENT'],
        [
          ['node-a', ''],
          ['b', 'ready'],
        ],
        80,
      ),
    ).toBe('NODE    AGENT\nnode-a  -\nb       ready\n');
  });

  it('is cut to a narrow terminal, the widest columns first', () => {
    const table = fittedTable(
      ['NAME', 'STATE', 'DETAIL'],
      [['a-long-name-of-a-pod', 'ok', 'x'.repeat(100)]],
      40,
    );
    const lines = table.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines[1]).toContain('ok');
    expect(lines[1]).toContain('…');
  });

  it('lets no cell control the terminal', () => {
    expect(fittedTable(['A'], [['\u001b[2J']], 80)).not.toContain('\u001b');
  });
});
