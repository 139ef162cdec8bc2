import { describe, expect, it } from 'vitest';
import { createColors } from '../../src/output/colors.ts';
import { explainPage } from '../../src/explain/page.ts';
import { pageText } from '../../src/explain/page-text.ts';
import { SESSION, evidence } from './evidence-setup.ts';

const ERROR =
  'User: arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0 is not authorized to perform this';
const session = { ...SESSION, remainingSeconds: undefined, reason: 'StsAccessDenied', error: ERROR };
const page = explainPage(evidence({ server: { session } }));

function linesAt(width: number, isColored = false): readonly string[] {
  return pageText(page, { width, colors: createColors(isColored) }).split('\n');
}

describe('The page of explain as text', () => {
  it.each([40, 71, 72, 120])('In a terminal of %i columns, lines fit, and nothing is cut', (width) => {
    const lines = linesAt(width);
    const long = lines.filter((line) => line.length > width && line.trim().includes(' '));
    expect(long.filter((line) => !page.commands.includes(line.trim()))).toEqual([]);
    const words = lines.join(' ').split(/\s+/);
    for (const text of [page.verdict, page.next ?? '', ERROR]) expect(words.join(' ')).toContain(text);
  });

  it('Commands are whole on lines of their own', () => {
    for (const width of [40, 120])
      expect(linesAt(width).map((line) => line.trim())).toEqual(expect.arrayContaining([...page.commands]));
  });

  it('The broken link is marked by its color, and its columns stay where they are', () => {
    const { bad, good } = createColors(true);
    const lines = linesAt(120, true);
    const [broken = '', ok = ''] = ['STS', 'ceiling'].map((name) =>
      lines.find((line) => line.startsWith(name)),
    );
    expect(broken).toContain(
      `STS             ${bad('BROKEN')}   ${bad('StsAccessDenied: the role')}`.slice(0, -4),
    );
    expect(ok).toContain(`ceiling         ${good('ok')}       base ARN`);
  });

  it('The next step of the broken link is told once, at the end', () => {
    const text = linesAt(1_000).join('\n');
    expect(text.split(page.next ?? '')).toHaveLength(2);
    expect(text.indexOf(page.next ?? '')).toBeGreaterThan(text.indexOf(page.verdict));
  });
});
