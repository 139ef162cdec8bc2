import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { holdBudget, patientClients } from '../../src/metadata/hold-budget.ts';

const DEFAULTS = { holdMs: 850, holdGoMs: 400, holdPatientMs: 4_000 };
/** Clients with a shorter timeout do not count as patient. */
const LEAST_PATIENCE_MS = 1_500;

/** As the client sends it. */
function userAgentOf(product: string): string {
  return product.endsWith('*') ? `${product.slice(0, -1)}-coreclr/4.0` : `${product}/1.0 (x)`;
}

describe('Hold budget', () => {
  it.each([
    { client: 'no User-Agent', userAgent: '', budgetMs: 850 },
    { client: 'boto3', userAgent: 'Boto3/1.40 md/Botocore#1.40 ua/2.1', budgetMs: 850 },
    { client: 'Go v2', userAgent: 'aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22', budgetMs: 400 },
    { client: 'Go v1', userAgent: 'aws-sdk-go/1.44.0 (go1.19; linux; amd64)', budgetMs: 400 },
    { client: 'Go in capitals', userAgent: 'AWS-SDK-Go/1.0', budgetMs: 400 },
    {
      client: 'Terraform',
      userAgent:
        'APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io) terraform-provider-aws/5.60.0 ' +
        '(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.30.3 ua/2.0 os/linux',
      budgetMs: 400,
    },
    { client: 'a Go program that names s3fs first', userAgent: 's3fs/1 aws-sdk-go-v2/1.30', budgetMs: 400 },
    { client: 'a comment about Go', userAgent: 'tool/1 (not aws-sdk-go/1.44)', budgetMs: 850 },
    {
      client: '.NET',
      userAgent: 'aws-sdk-dotnet-coreclr/3.7.400 aws-sdk-dotnet-core/3.7.400 .NET_Core/8.0 OS/Linux',
      budgetMs: 4_000,
    },
    { client: 'the CRT, which waits a second', userAgent: 'aws-sdk-crt/aws-imds-client', budgetMs: 850 },
    { client: 's3fs-fuse', userAgent: 's3fs/1.94 (commit hash 70a30d6; OpenSSL)', budgetMs: 4_000 },
    { client: 'object_store', userAgent: 'object_store/0.14.2', budgetMs: 4_000 },
    { client: 'Polars', userAgent: 'polars/0.55.1', budgetMs: 4_000 },
    { client: 'fsspec’s s3fs over botocore', userAgent: 'Botocore/1.40 s3fs/2026.1', budgetMs: 850 },
    { client: 'C++ with the CRT inside', userAgent: 'aws-sdk-cpp/1.11 md/aws-crt#0.44.1', budgetMs: 850 },
    { client: 'Java v1, which waits a second', userAgent: 'aws-sdk-java/1.12.797 Linux/6', budgetMs: 850 },
    { client: 'curl', userAgent: 'curl/8.5.0', budgetMs: 850 },
    { client: 'a longer name', userAgent: 's3fs-other/1 xs3fs/1 object_stores/1', budgetMs: 850 },
  ])('A request is held $budgetMs ms for $client', ({ userAgent, budgetMs }) => {
    expect(holdBudget(userAgent, DEFAULTS)).toBe(budgetMs);
  });

  it.each(patientClients)(
    "A request is held four fifths of the client's patience, 4 s at most by default, for $name",
    ({ product, waitsMs }) => {
      expect(waitsMs).toBeGreaterThanOrEqual(LEAST_PATIENCE_MS);
      expect(holdBudget(userAgentOf(product), DEFAULTS)).toBe(Math.min(waitsMs * 0.8, 4_000));
      expect(holdBudget(`APN/1.0 (x) ${userAgentOf(product).toUpperCase()}`, DEFAULTS)).toBe(
        Math.min(waitsMs * 0.8, 4_000),
      );
      expect(holdBudget(userAgentOf(product), { ...DEFAULTS, holdPatientMs: 60_000 })).toBe(
        Math.min(waitsMs * 0.8, 60_000),
      );
    },
  );

  it.each([{ holdPatientMs: 0 }, { holdPatientMs: 850 }])(
    'Patient clients are held as long as others if --hold-patient is not above --hold: $holdPatientMs ms',
    ({ holdPatientMs }) => {
      for (const { product } of patientClients)
        expect(holdBudget(userAgentOf(product), { ...DEFAULTS, holdPatientMs })).toBe(850);
    },
  );

  it('A request is held for the least of several patient clients, and never longer than the longest flag', () => {
    const least = holdBudget('s3fs/1 aws-sdk-dotnet-core/3', { ...DEFAULTS, holdPatientMs: 60_000 });
    expect(least).toBe(4_000);
    const word = fc.oneof(
      fc.constantFrom(...patientClients.map(({ product }) => userAgentOf(product)), 'aws-sdk-go/1', '(', ')'),
      fc.string(),
    );
    const ms = fc.integer({ min: 0, max: 60_000 });
    const settings = fc.record({ holdMs: ms, holdGoMs: ms, holdPatientMs: ms });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), settings, (words, given) => {
        const budgetMs = holdBudget(words.join(' '), given);
        expect(budgetMs).toBeLessThanOrEqual(Math.max(...Object.values(given)));
        expect(budgetMs).toBeGreaterThanOrEqual(Math.min(...Object.values(given), LEAST_PATIENCE_MS));
      }),
    );
  });
});

describe('docs/figures/metadata-hold.md', () => {
  const page = readFileSync(new URL('../../../../docs/figures/metadata-hold.md', import.meta.url), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

  it('The table of patient clients in docs/figures/metadata-hold.md matches the code', () => {
    expect(rows).toEqual(
      patientClients.map(({ product, name, waitsMs, source, tried }) => [
        `\`${product}\``,
        name,
        `${waitsMs / 1_000} s`,
        `${Math.min(waitsMs * 0.8, 4_000) / 1_000} s`,
        source,
        tried ?? 'no',
      ]),
    );
  });
});
