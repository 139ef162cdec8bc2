/** Families of clients, by User-Agent: a closed set, as it is a metric label. */
export type Sdk =
  | 'boto3'
  | 'botocore'
  | 'aws-cli'
  | 'js'
  | 'go'
  | 'java'
  | 'rust'
  | 'dotnet'
  | 'cpp'
  | 'crt'
  | 'php'
  | 'ruby'
  | 'other'
  | 'none';

/** How the name of a product begins that is of a family. */
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

/** A User-Agent may have 16 KiB; SDKs name themselves early. Characters. */
const LONGEST_READ = 1024;

/** Which SDK says it asks: the first that is named. Its word is good for statistics and for how long it is held, for nothing else. */
export function sdkOf(userAgent: string): Sdk {
  if (userAgent === '') return 'none';
  for (const product of productsOf(userAgent)) {
    const sdk = familyOf(product);
    if (sdk !== undefined) return sdk;
  }
  return 'other';
}

/** The family of a product's name; undefined if it is of none. */
export function familyOf(product: string): Sdk | undefined {
  return FAMILIES.find(([start]) => product.startsWith(start))?.[1];
}

/** The names of a User-Agent's products (RFC 9110, 10.1.5) in lower case and in order, without versions and comments. */
export function* productsOf(userAgent: string): Generator<string> {
  let depth = 0;
  for (const [word] of userAgent.slice(0, LONGEST_READ).matchAll(/[()]|[^\s()]+/g)) {
    if (word === '(') depth += 1;
    else if (word === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) yield (word.split('/', 1)[0] ?? '').toLowerCase();
  }
}
