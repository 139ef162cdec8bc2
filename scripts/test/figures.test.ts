import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = dirname(dirname(import.meta.dirname));

it.each([
  ['chaos.md', '<!-- test:chaos begins -->', '<!-- test:chaos ends -->'],
  ['hostile.md', '<!-- test:hostile begins -->', '<!-- test:hostile ends -->'],
  ['hostile.md', '<!-- test:hostile tenants begins -->', '<!-- test:hostile tenants ends -->'],
  ['hostile.md', '<!-- test:hostile strangers begins -->', '<!-- test:hostile strangers ends -->'],
  ['race.md', '<!-- test:node race begins -->', '<!-- test:node race ends -->'],
  ['soak.md', '<!-- test:soak begins -->', '<!-- test:soak ends -->'],
  ['clients.md', '<!-- test:clients, metadata API, begins -->', '<!-- test:clients, metadata API, ends -->'],
  [
    'clients.md',
    '<!-- test:clients, container credentials, begins -->',
    '<!-- test:clients, container credentials, ends -->',
  ],
  ['alerts-fired.md', '<!-- monitoring alerts begins -->', '<!-- monitoring alerts ends -->'],
  ['dashboard.md', '<!-- monitoring dashboard begins -->', '<!-- monitoring dashboard ends -->'],
  ['scale-50.md', '<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'],
  ['scale-500.md', '<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'],
  ['scale-5000.md', '<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'],
  ['bench.md', '<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'],
])('The page docs/figures/%s has a table between the markers that --report needs: %s', (page, begin, end) => {
  const text = readFileSync(join(ROOT, 'docs/figures', page), 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  expect(from).toBeGreaterThan(0);
  expect(text.slice(from, to)).toMatch(/^\| .* \|$/m);
});

it.each(['logs', 'explain', 'doctor', 'roles', 'who', 'revoke', 'migrate'])(
  'The transcript docs/figures/kubectl-rolegate/%s.txt begins with its command, as test:node writes it',
  (command) => {
    const transcript = readFileSync(join(ROOT, `docs/figures/kubectl-rolegate/${command}.txt`), 'utf8');
    expect(transcript.startsWith(`$ kubectl rolegate ${command}`)).toBe(true);
    // eslint-disable-next-line no-control-regex -- colours are only for terminals
    expect(transcript).not.toMatch(/\u001b/);
  },
);
