import type { MoveTarget } from './move-on.ts';

/** A version as the User-Agent has it; or, if that has another one, words that say what is needed. */
type Minimum = string | { readonly words: string };

interface SdkRow {
  readonly name: string;
  /** The product in the User-Agent, in lower case, and the major version if several have the same product. */
  readonly product: string;
  readonly major?: number;
  /** That reads the token file and calls AssumeRoleWithWebIdentity. */
  readonly irsa: Minimum;
  /** That asks AWS_CONTAINER_CREDENTIALS_FULL_URI for credentials, with a token file. */
  readonly token: Minimum;
}

/** It has three products, by the runtime. */
const DOTNET = {
  name: '.NET',
  irsa: { words: 'the release 3.3.659.1' },
  token: { words: 'the release 3.7.734.0' },
} as const;

/**
 * Amazon EKS User Guide, "Use IRSA with the AWS SDK" and "Use Pod Identity with the AWS SDK". The second also holds for Rolegate's
 * container credentials, which are asked for in the same way (docs/container-credentials.md).
 */
const sdks: readonly SdkRow[] = [
  { name: 'boto3', product: 'boto3', irsa: '1.9.220', token: '1.34.41' },
  { name: 'botocore', product: 'botocore', irsa: '1.12.200', token: '1.34.41' },
  { name: 'AWS CLI 1', product: 'aws-cli', major: 1, irsa: '1.16.232', token: '1.30.0' },
  { name: 'AWS CLI 2', product: 'aws-cli', major: 2, irsa: '2.0.0', token: '2.15.0' },
  { name: 'Go 1', product: 'aws-sdk-go', irsa: '1.23.13', token: '1.47.11' },
  { name: 'Go 2', product: 'aws-sdk-go-v2', irsa: '0.0.0', token: { words: 'the release of 2023-11-14' } },
  { name: 'Java 1', product: 'aws-sdk-java', major: 1, irsa: '1.12.782', token: '1.12.746' },
  { name: 'Java 2', product: 'aws-sdk-java', major: 2, irsa: '2.10.11', token: '2.21.30' },
  { name: 'JavaScript 2', product: 'aws-sdk-nodejs', irsa: '2.525.0', token: '2.1550.0' },
  { name: 'JavaScript 3', product: 'aws-sdk-js', irsa: '3.27.0', token: '3.458.0' },
  { name: 'C++', product: 'aws-sdk-cpp', irsa: '1.7.174', token: '1.11.263' },
  { name: 'Ruby', product: 'aws-sdk-ruby3', irsa: '3.58.0', token: '3.188.0' },
  { name: 'PHP', product: 'aws-sdk-php', irsa: '3.110.7', token: '3.287.1' },
  {
    name: 'Rust',
    product: 'aws-sdk-rust',
    irsa: { words: 'a version that EKS does not name' },
    token: { words: 'the release of 2024-03-13' },
  },
  { ...DOTNET, product: 'aws-sdk-dotnet' },
  { ...DOTNET, product: 'aws-sdk-dotnet-core' },
  { ...DOTNET, product: 'aws-sdk-dotnet-coreclr' },
];

/** Whether a client knows the new way. */
export interface SdkFit {
  readonly fit: 'new-enough' | 'too-old' | 'unknown';
  /** Completes "CLIENT …". */
  readonly why: string;
}

/** `client`: as the agent prints it, e.g. `boto3/1.26.0`, `other` or `none`. */
export function sdkFit(client: string, target: MoveTarget): SdkFit {
  if (client === 'none') return unknown('sends no User-Agent, like the SDK for JavaScript 3');
  if (client === 'other') return unknown('names no AWS SDK');
  const [product = '', version = ''] = client.split('/');
  const given = numbersOf(version);
  const row = sdks.find(
    (each) => each.product === product && (each.major === undefined || each.major === given?.[0]),
  );
  if (row === undefined) return unknown('is an SDK of which no minimum version is known');
  const minimum = minimumOf(row, target);
  if (typeof minimum !== 'string')
    return unknown(`needs ${minimum.words}, which its User-Agent does not tell`);
  if (given === undefined) return unknown(`needs ${minimum}, but does not say its version`);
  return {
    fit: isAtLeast(given, numbersOf(minimum) ?? []) ? 'new-enough' : 'too-old',
    why: `needs ${minimum}`,
  };
}

/** For people. */
export function minimumVersions(target: MoveTarget): string {
  const words = sdks.map((row) => {
    const minimum = minimumOf(row, target);
    if (minimum === '0.0.0') return `${row.name} any`;
    return `${row.name} ${typeof minimum === 'string' ? minimum : minimum.words}`;
  });
  return [...new Set(words)].join(', ');
}

/** The version of an SDK that the tag of an image is; only the image of the AWS CLI has such a tag. */
export function clientOfImage(image: string): string | undefined {
  const [, version] = /(?:^|\/)aws-cli:(\d+\.\d+\.\d+)$/.exec(image) ?? [];
  return version === undefined ? undefined : `aws-cli/${version}`;
}

function minimumOf({ irsa, token }: SdkRow, target: MoveTarget): Minimum {
  return target === 'irsa' ? irsa : token;
}

function unknown(why: string): SdkFit {
  return { fit: 'unknown', why };
}

/** Undefined if it does not begin with a version. What follows the numbers, such as `-preview`, does not count. */
function numbersOf(version: string): readonly number[] | undefined {
  const [numbers] = /^\d{1,9}(?:\.\d{1,9})*/.exec(version) ?? [];
  return numbers?.split('.').map(Number);
}

function isAtLeast(given: readonly number[], minimum: readonly number[]): boolean {
  for (const [at, least] of minimum.entries()) {
    const one = given[at] ?? 0;
    if (one !== least) return one > least;
  }
  return true;
}
