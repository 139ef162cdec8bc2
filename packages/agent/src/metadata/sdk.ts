/** Families of clients, by User-Agent: a closed set, as it is a metric label. */
export type Sdk =
  'boto3' | 'botocore' | 'aws-cli' | 'js' | 'go' | 'java' | 'rust' | 'dotnet' | 'other' | 'none';

/** The first that fits: boto3 and the CLI name botocore too. */
const FAMILIES: readonly (readonly [RegExp, Sdk])[] = [
  [/^aws-cli\//i, 'aws-cli'],
  [/^boto3\//i, 'boto3'],
  [/^botocore\//i, 'botocore'],
  [/^aws-sdk-go/i, 'go'],
  [/^aws-sdk-(?:js|nodejs)/i, 'js'],
  [/^aws-sdk-java/i, 'java'],
  [/^aws-sdk-rust/i, 'rust'],
  [/^aws-sdk-dotnet/i, 'dotnet'],
];

/** Which SDK says it asks. Its word is good for statistics and for how long it is believed to wait, and for nothing else. */
export function sdkOf(userAgent: string): Sdk {
  if (userAgent === '') return 'none';
  return FAMILIES.find(([starts]) => starts.test(userAgent))?.[1] ?? 'other';
}

/** True for the SDK that waits less than all others. */
export function isGo(userAgent: string): boolean {
  return /^aws-sdk-go/i.test(userAgent);
}
