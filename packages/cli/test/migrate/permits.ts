/** One Pod in one Namespace. Roles and permits are written as in the annotations. */
export interface PermitCase {
  readonly permits: string | undefined;
  readonly role: string | undefined;
  readonly old: 'allows' | 'denies';
  readonly ours: 'allows' | 'denies';
  /** Completes "… because …" in the test's title. */
  readonly because: string;
}

export const BASE = 'arn:aws:iam::123456789012:role/';
const OTHER_ACCOUNT = 'arn:aws:iam::210987654321:role/';

/** kiam v4.0 with its default, strict expressions. */
export const kiamCases: readonly PermitCase[] = [
  { permits: '.*', role: 'app', old: 'allows', ours: 'allows', because: 'both match everything' },
  { permits: `${BASE}app`, role: 'app', old: 'allows', ours: 'allows', because: 'the ARN matches' },
  {
    permits: `${BASE}app`,
    role: '/app',
    old: 'allows',
    ours: 'allows',
    because: 'a leading slash does not count',
  },
  {
    permits: `${BASE}app`,
    role: `${BASE}app`,
    old: 'allows',
    ours: 'allows',
    because: 'the ARN is annotated',
  },
  {
    permits: `${BASE}app`,
    role: 'app-admin',
    old: 'denies',
    ours: 'denies',
    because: 'a prefix is no match',
  },
  {
    permits: `${BASE}app$`,
    role: 'app',
    old: 'allows',
    ours: 'allows',
    because: 'a second $ changes nothing',
  },
  { permits: `^${BASE}app$`, role: 'app', old: 'allows', ours: 'allows', because: 'anchors change nothing' },
  { permits: 'app', role: 'app', old: 'denies', ours: 'allows', because: 'kiam 4 matches only the ARN' },
  { permits: '/app', role: 'app', old: 'denies', ours: 'allows', because: 'kiam 4 matches only the ARN' },
  {
    permits: 'team/.*',
    role: 'team/app',
    old: 'denies',
    ours: 'allows',
    because: 'kiam 4 matches only the ARN',
  },
  {
    permits: '.*role/team/.*',
    role: 'team/app',
    old: 'allows',
    ours: 'allows',
    because: 'paths are part of the ARN',
  },
  {
    permits: '.*role/team/.*',
    role: 'teams/app',
    old: 'denies',
    ours: 'denies',
    because: 'the path differs',
  },
  { permits: `${BASE}a|${BASE}b`, role: 'a', old: 'allows', ours: 'allows', because: 'it is an alternative' },
  {
    permits: `${BASE}a|${BASE}b`,
    role: 'a-admin',
    old: 'allows',
    ours: 'denies',
    because: '^ holds for a alone',
  },
  {
    permits: `.*role/a|.*role/b`,
    role: 'x/role/b',
    old: 'allows',
    ours: 'allows',
    because: '.* is any text',
  },
  {
    permits: `app-a|app-b`,
    role: 'other/app-b',
    old: 'allows',
    ours: 'denies',
    because: '$ holds for b alone',
  },
  {
    permits: `x|admin|y`,
    role: 'super-admin-2',
    old: 'allows',
    ours: 'denies',
    because: 'nothing holds for the middle',
  },
  {
    permits: `(${BASE}a|${BASE}b)`,
    role: 'a-admin',
    old: 'denies',
    ours: 'denies',
    because: 'a group is anchored',
  },
  { permits: `${BASE}(?:a|b)`, role: 'b', old: 'allows', ours: 'allows', because: 'a group is anchored' },
  { permits: `${BASE}x)|(?:.*`, role: 'admin', old: 'denies', ours: 'denies', because: 'it does not parse' },
  {
    permits: '.*:role/app',
    role: `${OTHER_ACCOUNT}app`,
    old: 'allows',
    ours: 'denies',
    because: 'the account is another',
  },
  { permits: `(?i)${BASE}APP`, role: 'app', old: 'allows', ours: 'allows', because: 'both ignore case' },
  {
    permits: '.*/app\\',
    role: 'app',
    old: 'denies',
    ours: 'denies',
    because: 'the backslash escapes $ in kiam',
  },
  { permits: '(', role: 'app', old: 'denies', ours: 'denies', because: 'it does not parse' },
  { permits: '.*(?=app).*', role: 'app', old: 'denies', ours: 'denies', because: 'Go has no lookahead' },
  { permits: '', role: 'app', old: 'denies', ours: 'denies', because: 'an empty annotation permits nothing' },
  { permits: undefined, role: 'app', old: 'denies', ours: 'denies', because: 'nothing permits it' },
  {
    permits: ' .*',
    role: 'app',
    old: 'denies',
    ours: 'allows',
    because: 'white space at the ends is trimmed',
  },
  { permits: '.*\n', role: 'app', old: 'denies', ours: 'allows', because: 'a final newline is trimmed' },
  {
    permits: '.*',
    role: ' app',
    old: 'denies',
    ours: 'allows',
    because: 'STS refuses the ARN that kiam makes',
  },
  { permits: '.*', role: 'team//app', old: 'denies', ours: 'denies', because: 'no role has an empty part' },
  { permits: '.*', role: 'arn:x', old: 'denies', ours: 'denies', because: 'it is no ARN' },
  { permits: '.*', role: '', old: 'denies', ours: 'denies', because: 'an empty annotation is no role' },
  {
    permits: Array.from({ length: 400 }, (_, at) => `${BASE}app-${at}`).join('|'),
    role: 'app-7',
    old: 'allows',
    ours: 'denies',
    because: 'ours takes 4 KiB',
  },
  {
    permits: `.*${'(a|b)*'.repeat(520)}.*`,
    role: 'app',
    old: 'allows',
    ours: 'denies',
    because: 'ours takes 512 quantifiers',
  },
  {
    permits: '.*(?i)[é]?.*',
    role: 'app',
    old: 'allows',
    ours: 'denies',
    because: 'ours ignores case in ASCII alone',
  },
  {
    permits: '.*app.*|',
    role: 'x',
    old: 'allows',
    ours: 'denies',
    because: 'the empty alternative is only $',
  },
];

/** kiam with `--disable-strict-namespace-regexp`. */
export const looseCases: readonly PermitCase[] = [
  { permits: 'app', role: 'app', old: 'allows', ours: 'allows', because: 'the whole name matches' },
  { permits: 'app', role: 'my-app-admin', old: 'allows', ours: 'denies', because: 'ours matches whole' },
  { permits: '^app$', role: 'app', old: 'denies', ours: 'allows', because: 'kiam 4 matches only the ARN' },
  {
    permits: 'role/team-a',
    role: 'team-a-admin',
    old: 'allows',
    ours: 'denies',
    because: 'ours matches whole',
  },
];

/** kiam 3, which matches the name as annotated. */
export const namedCases: readonly PermitCase[] = [
  { permits: 'app', role: 'app', old: 'allows', ours: 'allows', because: 'both match the name' },
  {
    permits: 'app',
    role: `${BASE}app`,
    old: 'denies',
    ours: 'allows',
    because: 'ours matches both spellings',
  },
  {
    permits: `${BASE}app`,
    role: 'app',
    old: 'denies',
    ours: 'allows',
    because: 'ours matches both spellings',
  },
];

/** kube2iam with `--namespace-restrictions`. */
export const globCases: readonly PermitCase[] = [
  { permits: '["app"]', role: 'app', old: 'allows', ours: 'allows', because: 'the name is the same' },
  { permits: '["app"]', role: 'app-admin', old: 'denies', ours: 'denies', because: 'globs match whole' },
  { permits: '["app*"]', role: 'app-admin', old: 'allows', ours: 'allows', because: '* is any text' },
  { permits: '["app*"]', role: 'app/other', old: 'allows', ours: 'allows', because: '* includes slashes' },
  {
    permits: '["*"]',
    role: `${OTHER_ACCOUNT}app`,
    old: 'denies',
    ours: 'denies',
    because: 'the account is another',
  },
  {
    permits: '["arn:*"]',
    role: `${OTHER_ACCOUNT}app`,
    old: 'allows',
    ours: 'denies',
    because: 'it is outside the ceiling',
  },
  { permits: `["${BASE}app"]`, role: 'app', old: 'allows', ours: 'allows', because: 'the ARN is the same' },
  { permits: '["a??"]', role: 'app', old: 'denies', ours: 'allows', because: 'kube2iam knows only *' },
  { permits: '["/app"]', role: 'app', old: 'denies', ours: 'allows', because: 'kube2iam keeps the slash' },
  {
    permits: '["/app"]',
    role: '/app',
    old: 'denies',
    ours: 'allows',
    because: 'STS refuses an ARN with two slashes',
  },
  { permits: '["ARN:aws:*"]', role: 'app', old: 'denies', ours: 'denies', because: 'ARNs are in lower case' },
  {
    permits: '["app", 1]',
    role: 'app',
    old: 'allows',
    ours: 'denies',
    because: 'ours refuses a list with a number',
  },
  { permits: '["app"', role: 'app', old: 'denies', ours: 'denies', because: 'it is not JSON' },
  { permits: '"app"', role: 'app', old: 'denies', ours: 'denies', because: 'it is not a list' },
  { permits: 'app', role: 'app', old: 'denies', ours: 'denies', because: 'it is not JSON' },
  { permits: undefined, role: 'app', old: 'denies', ours: 'denies', because: 'nothing permits it' },
  { permits: '["app"]', role: '', old: 'denies', ours: 'denies', because: 'an empty annotation is no role' },
];

/** kube2iam with `--namespace-restriction-format=regexp`. */
export const regexpCases: readonly PermitCase[] = [
  { permits: '["app"]', role: 'app', old: 'allows', ours: 'allows', because: 'the name is the same' },
  {
    permits: '["app"]',
    role: 'app-admin',
    old: 'allows',
    ours: 'denies',
    because: 'kube2iam does not anchor',
  },
  {
    permits: '["app-.*"]',
    role: 'app-a',
    old: 'allows',
    ours: 'denies',
    because: 'ours are globs, and . is a dot',
  },
  {
    permits: '["^app$"]',
    role: 'app',
    old: 'denies',
    ours: 'denies',
    because: 'the base ARN comes before ^',
  },
  {
    permits: '["app(", "app"]',
    role: 'app',
    old: 'allows',
    ours: 'allows',
    because: 'the other pattern matches',
  },
  {
    permits: '["a|admin"]',
    role: 'super-admin',
    old: 'allows',
    ours: 'denies',
    because: 'kube2iam does not anchor',
  },
];

/** kube2iam without `--namespace-restrictions`, its default. */
export const openCases: readonly PermitCase[] = [
  { permits: undefined, role: 'app', old: 'allows', ours: 'denies', because: 'kube2iam permits every role' },
  {
    permits: '["other"]',
    role: 'app',
    old: 'allows',
    ours: 'denies',
    because: 'kube2iam does not read the list',
  },
  { permits: '["app"]', role: 'app', old: 'allows', ours: 'allows', because: 'the list has it' },
  { permits: undefined, role: 'not a role', old: 'denies', ours: 'denies', because: 'no role has a space' },
];
