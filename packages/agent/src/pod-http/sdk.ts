/** Families of clients by User-Agent: a closed set, because it is a metric label. */
export const sdkNames = [
  'boto3',
  'botocore',
  'aws-cli',
  'js',
  'go',
  'java',
  'rust',
  'dotnet',
  'cpp',
  'crt',
  'php',
  'ruby',
  'other',
  'none',
] as const;
export type Sdk = (typeof sdkNames)[number];

/** Prefixes of product names by family. */
const FAMILIES: readonly (readonly [start: string, sdk: Sdk])[] = [
  ['boto3', 'boto3'],
  ['botocore', 'botocore'],
  ['aws-cli', 'aws-cli'],
  ['aws-sdk-js', 'js'],
  ['aws-sdk-nodejs', 'js'],
  ['aws-sdk-go', 'go'],
  ['aws-sdk-java', 'java'],
  ['aws-sdk-rust', 'rust'],
  ['aws-sdk-dotnet', 'dotnet'],
  ['aws-sdk-cpp', 'cpp'],
  ['aws-sdk-crt', 'crt'],
  ['aws-sdk-php', 'php'],
  ['aws-sdk-ruby', 'ruby'],
];

/** A User-Agent can have 16 KiB; SDKs name themselves early. Characters. */
const LONGEST_READ = 1024;
/** Product names and versions of SDKs. Anything else is not repeated, because a Pod can send what it likes. */
const PLAIN = /^[\w.+-]{1,32}$/;

/** What sent a request. Unverified, so it is used only for statistics, the status and the length of holds. */
export interface Client {
  readonly sdk: Sdk;
  /** The SDK's product with its version, e.g. `aws-sdk-go/1.44.0`; `other` or `none` like `sdk`. */
  readonly client: string;
}

/** The first SDK named in the User-Agent. */
export function clientOf(userAgent: string): Client {
  if (userAgent === '') return { sdk: 'none', client: 'none' };
  for (const word of wordsOf(userAgent)) {
    const product = productOf(word);
    const sdk = familyOf(product);
    if (sdk === undefined) continue;
    const version = word.slice(product.length + 1);
    if (!PLAIN.test(product)) return { sdk, client: sdk };
    return { sdk, client: PLAIN.test(version) ? word : product };
  }
  return { sdk: 'other', client: 'other' };
}

/** The family of a product name; undefined if none. */
export function familyOf(product: string): Sdk | undefined {
  return FAMILIES.find(([start]) => product.startsWith(start))?.[1];
}

/** The product names in a User-Agent (RFC 9110, 10.1.5) in lower case and in order, without versions and comments. */
export function productsOf(userAgent: string): readonly string[] {
  return Array.from(wordsOf(userAgent), productOf);
}

function productOf(word: string): string {
  return word.split('/', 1)[0] ?? '';
}

/** Products with their versions, in lower case. */
function* wordsOf(userAgent: string): Generator<string> {
  let depth = 0;
  for (const [word] of userAgent.slice(0, LONGEST_READ).matchAll(/[()]|[^\s()]+/g)) {
    if (word === '(') depth += 1;
    else if (word === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) yield word.toLowerCase();
  }
}
