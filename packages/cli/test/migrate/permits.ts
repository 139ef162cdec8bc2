type Answer = 'allows' | 'denies';

/**
 * One Pod in one Namespace. Roles and permits are written as in the annotations. `old` is what Go 1.26 answered with `regexp` and
 * go-glob 1.0.0, called as kiam and kube2iam call them, apart from the ARNs that only STS refuses. `because` completes "… because …".
 */
export type PermitCase = readonly [
  permits: string | undefined,
  role: string | undefined,
  old: Answer,
  ours: Answer,
  because: string,
];

export const BASE = 'arn:aws:iam::123456789012:role/';
const OTHER_ACCOUNT = 'arn:aws:iam::210987654321:role/';

/** kiam v4.0 with its default, strict expressions. */
export const kiamCases: readonly PermitCase[] = [
  ['.*', 'app', 'allows', 'allows', 'both match everything'],
  [`${BASE}app`, 'app', 'allows', 'allows', 'the ARN matches'],
  [`${BASE}app`, '/app', 'allows', 'allows', 'a leading slash does not count'],
  [`${BASE}app`, `${BASE}app`, 'allows', 'allows', 'the ARN is annotated'],
  [`${BASE}app`, 'app-admin', 'denies', 'denies', 'a prefix is no match'],
  [`${BASE}app$`, 'app', 'allows', 'allows', 'a second $ changes nothing'],
  [`^${BASE}app$`, 'app', 'allows', 'allows', 'anchors change nothing'],
  ['app', 'app', 'denies', 'allows', 'kiam 4 matches only the ARN'],
  ['/app', 'app', 'denies', 'allows', 'kiam 4 matches only the ARN'],
  ['team/.*', 'team/app', 'denies', 'allows', 'kiam 4 matches only the ARN'],
  ['.*role/team/.*', 'team/app', 'allows', 'allows', 'paths are part of the ARN'],
  ['.*role/team/.*', 'teams/app', 'denies', 'denies', 'the path differs'],
  [`${BASE}a|${BASE}b`, 'a', 'allows', 'allows', 'it is an alternative'],
  [`${BASE}a|${BASE}b`, 'a-admin', 'allows', 'denies', '^ holds for a alone'],
  [`.*role/a|.*role/b`, 'x/role/b', 'allows', 'allows', '.* is any text'],
  [`app-a|app-b`, 'other/app-b', 'allows', 'denies', '$ holds for b alone'],
  [`x|admin|y`, 'super-admin-2', 'allows', 'denies', 'nothing holds for the middle'],
  [`(${BASE}a|${BASE}b)`, 'a-admin', 'denies', 'denies', 'a group is anchored'],
  [`${BASE}(?:a|b)`, 'b', 'allows', 'allows', 'a group is anchored'],
  [`${BASE}x)|(?:.*`, 'admin', 'denies', 'denies', 'it does not parse'],
  ['.*:role/app', `${OTHER_ACCOUNT}app`, 'allows', 'denies', 'the account is another'],
  [`(?i)${BASE}APP`, 'app', 'allows', 'allows', 'both ignore case'],
  ['.*/app\\', 'app', 'denies', 'denies', 'the backslash escapes $ in kiam'],
  ['(', 'app', 'denies', 'denies', 'it does not parse'],
  ['.*(?=app).*', 'app', 'denies', 'denies', 'Go has no lookahead'],
  ['', 'app', 'denies', 'denies', 'an empty annotation permits nothing'],
  [undefined, 'app', 'denies', 'denies', 'nothing permits it'],
  [' .*', 'app', 'denies', 'allows', 'white space at the ends is trimmed'],
  ['.*\n', 'app', 'denies', 'allows', 'a final newline is trimmed'],
  ['.*', ' app', 'denies', 'allows', 'STS refuses the ARN that kiam makes'],
  ['.*', 'team//app', 'denies', 'denies', 'no role has an empty part'],
  ['.*', 'arn:x', 'denies', 'denies', 'it is no ARN'],
  ['.*', '', 'denies', 'denies', 'an empty annotation is no role'],
  [
    Array.from({ length: 400 }, (_, at) => `${BASE}app-${at}`).join('|'),
    'app-7',
    'allows',
    'denies',
    'ours takes 4 KiB',
  ],
  [`.*${'(a|b)*'.repeat(520)}.*`, 'app', 'allows', 'denies', 'ours takes 512 quantifiers'],
  ['.*(?i)[é]?.*', 'app', 'allows', 'denies', 'ours ignores case in ASCII alone'],
  ['.*app.*|', 'x', 'allows', 'denies', 'the empty alternative is only $'],
];

/** kiam with `--disable-strict-namespace-regexp`. */
export const looseCases: readonly PermitCase[] = [
  ['app', 'app', 'allows', 'allows', 'the whole name matches'],
  ['app', 'my-app-admin', 'allows', 'denies', 'ours matches whole'],
  ['^app$', 'app', 'denies', 'allows', 'kiam 4 matches only the ARN'],
  ['role/team-a', 'team-a-admin', 'allows', 'denies', 'ours matches whole'],
];

/** kiam 3, which matches the name as annotated and anchors nothing. */
export const namedCases: readonly PermitCase[] = [
  ['app', 'app', 'allows', 'allows', 'both match the name'],
  ['app', 'my-app-admin', 'allows', 'denies', 'ours matches whole'],
  ['app', `${BASE}app`, 'allows', 'allows', 'ours matches both spellings'],
  ['^app$', `${BASE}app`, 'denies', 'allows', 'ours matches both spellings'],
];

/** kiam 3 with `--strict-namespace-regexp`. */
export const strictNamedCases: readonly PermitCase[] = [
  ['app', 'my-app-admin', 'denies', 'denies', 'both match whole'],
  ['app|x', 'app-admin', 'allows', 'denies', '^ holds for app alone'],
  ['app', `${BASE}app`, 'denies', 'allows', 'ours matches both spellings'],
  [`${BASE}app`, 'app', 'denies', 'allows', 'ours matches both spellings'],
];

/** kube2iam with `--namespace-restrictions`. */
export const globCases: readonly PermitCase[] = [
  ['["app"]', 'app', 'allows', 'allows', 'the name is the same'],
  ['["app"]', 'app-admin', 'denies', 'denies', 'globs match whole'],
  ['["app*"]', 'app-admin', 'allows', 'allows', '* is any text'],
  ['["app*"]', 'app/other', 'allows', 'allows', '* includes slashes'],
  ['["*"]', `${OTHER_ACCOUNT}app`, 'denies', 'denies', 'the account is another'],
  ['["arn:*"]', `${OTHER_ACCOUNT}app`, 'allows', 'denies', 'it is outside the ceiling'],
  [`["${BASE}app"]`, 'app', 'allows', 'allows', 'the ARN is the same'],
  ['["a??"]', 'app', 'denies', 'allows', 'kube2iam knows only *'],
  ['["/app"]', 'app', 'denies', 'allows', 'kube2iam keeps the slash'],
  ['["/app"]', '/app', 'denies', 'allows', 'STS refuses an ARN with two slashes'],
  ['["ARN:aws:*"]', 'app', 'denies', 'denies', 'ARNs are in lower case'],
  ['["app", 1]', 'app', 'allows', 'denies', 'ours refuses a list with a number'],
  ['["app"', 'app', 'denies', 'denies', 'it is not JSON'],
  ['"app"', 'app', 'denies', 'denies', 'it is not a list'],
  ['app', 'app', 'denies', 'denies', 'it is not JSON'],
  [undefined, 'app', 'denies', 'denies', 'nothing permits it'],
  ['["app"]', '', 'denies', 'denies', 'an empty annotation is no role'],
];

/** kube2iam with `--namespace-restriction-format=regexp`. */
export const regexpCases: readonly PermitCase[] = [
  ['["app"]', 'app', 'allows', 'allows', 'the name is the same'],
  ['["app"]', 'app-admin', 'allows', 'denies', 'kube2iam does not anchor'],
  ['["app-.*"]', 'app-a', 'allows', 'denies', 'ours are globs, and . is a dot'],
  ['["^app$"]', 'app', 'denies', 'denies', 'the base ARN comes before ^'],
  ['["app(", "app"]', 'app', 'allows', 'allows', 'the other pattern matches'],
  ['["a|admin"]', 'super-admin', 'allows', 'denies', 'kube2iam does not anchor'],
];

/** kube2iam without `--namespace-restrictions`, its default. */
export const openCases: readonly PermitCase[] = [
  [undefined, 'app', 'allows', 'denies', 'kube2iam permits every role'],
  ['["other"]', 'app', 'allows', 'denies', 'kube2iam does not read the list'],
  ['["app"]', 'app', 'allows', 'allows', 'the list has it'],
  [undefined, 'not a role', 'denies', 'denies', 'no role has a space'],
];
