import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { annotationsDoc } from '../../src/annotations/annotations-doc.ts';
import { annotationKeys, limitBytesOf, roleAnnotations } from '../../src/annotations/annotations.ts';
import { annotationRegister } from '../../src/annotations/register.ts';
import { decide } from '../policy/setup.ts';

const docs = new URL('../../../../docs/', import.meta.url);
const pairs = Object.values(annotationRegister).flatMap(({ key, on }) => on.map((kind) => ({ key, kind })));

describe('Annotation register', () => {
  it('The register makes docs/annotations.md (npm run generate writes it)', () => {
    expect(readFileSync(new URL('annotations.md', docs), 'utf8')).toBe(annotationsDoc());
  });

  it('The register has every annotation of the contract, and no other', () => {
    const design = readFileSync(new URL('DESIGN.md', docs), 'utf8');
    const section = design.slice(design.indexOf('### 4.1'), design.indexOf('### 4.2'));
    const keys = section.match(/(?:iam\.amazonaws\.com|rolegate\.dev)\/[a-z-]+/g);
    expect(new Set(keys)).toEqual(new Set(pairs.map(({ key }) => key)));
  });

  it('The register keeps the order of the keys, which digests of decisions depend on', () => {
    expect(annotationKeys).toEqual({
      Pod: [
        'iam.amazonaws.com/role',
        'iam.amazonaws.com/session-name',
        'iam.amazonaws.com/external-id',
        'rolegate.dev/metadata',
        'rolegate.dev/session-tags',
      ],
      Namespace: [
        'iam.amazonaws.com/permitted',
        'iam.amazonaws.com/allowed-roles',
        'rolegate.dev/default-role',
        'rolegate.dev/metadata',
        'rolegate.dev/permitted-external-ids',
        'rolegate.dev/permitted-session-tags',
      ],
      ServiceAccount: ['iam.amazonaws.com/role'],
      Node: [],
    });
  });

  it('The register marks the annotations of a Pod that request a role', () => {
    expect(roleAnnotations).toEqual([
      'iam.amazonaws.com/role',
      'iam.amazonaws.com/session-name',
      'iam.amazonaws.com/external-id',
      'rolegate.dev/session-tags',
    ]);
  });

  it.each(pairs)(
    'The annotation $key on a $kind is read by a parser, which names it if it is too long',
    (pair) => {
      const { key, kind } = pair;
      const tooLong = { [key]: 'x'.repeat(limitBytesOf(key) + 1) };
      const { decision, namespaceRuleFault = '' } = decide({
        annotations: kind === 'Pod' ? tooLong : {},
        serviceAccount: kind === 'ServiceAccount' ? tooLong : {},
        namespace: kind === 'Namespace' ? tooLong : {},
      });
      const message =
        kind === 'Namespace' ? namespaceRuleFault : decision.kind === 'deny' && decision.message;
      expect(message).toContain(`${key} `);
      expect(message).toContain(`is ${limitBytesOf(key) + 1} bytes long`);
    },
  );
});
