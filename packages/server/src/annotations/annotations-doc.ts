import { markdownTable } from '@rolegate/runtime';
import { annotationRegister } from './register.ts';
import type { AnnotationRow } from './register.ts';

/** docs/annotations.md, from the register. */
export function annotationsDoc(): string {
  const register: readonly AnnotationRow[] = Object.values(annotationRegister);
  const table = markdownTable(
    ['annotation', 'on', 'meaning', 'longest value', 'an invalid or longer value', 'known from'],
    register.map(({ key, on, meaning, limitBytes, invalid, knownFrom }) => [
      `\`${key}\``,
      on.join(', '),
      meaning,
      `${limitBytes / 1024} KiB`,
      invalid,
      knownFrom,
    ]),
  );
  return [
    '# Annotations',
    '',
    'Made by `scripts/generate/annotations-doc.mjs` from `packages/server/src/annotations/register.ts`. The contract is in',
    '[DESIGN.md](DESIGN.md), 4.1; what each [reason](reasons.md) means has a page of its own.',
    '',
    'Without `iam.amazonaws.com/permitted` or `iam.amazonaws.com/allowed-roles` on the Namespace no role is permitted. White space at',
    'the ends of a value is ignored, and an empty or blank value counts as none, `rolegate.dev/permitted-external-ids` apart. Lengths',
    'are in bytes of UTF-8; of a longer value only the length is kept. The annotations of a Namespace and all that is in it have 8 MiB',
    'together, those of the cluster 128 MiB: a value for which nothing is left counts as too long.',
    '',
    table,
    '',
  ].join('\n');
}
