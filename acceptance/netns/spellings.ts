/** Paths that no Pod may read, in their canonical spelling. */
const TARGETS = [
  '/latest/meta-data/iam/security-credentials',
  '/latest/meta-data/iam/security-credentials/SENTINEL-NODE-ROLE',
  '/latest/meta-data/iam/info',
  '/latest/user-data',
  '/latest/dynamic/instance-identity/signature',
  '/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance',
  '/latest/meta-data/public-keys/0/openssh-key',
];

const VERSIONS = ['1.0', '2021-03-23', '2024-04-11', '2099-01-01', 'LATEST', 'latest;v=1'];

/** Everything before the last segment, and the last segment. */
const cut = (path: string) => /^(.*)\/([^/]+)$/.exec(path)?.slice(1) ?? ['', path];
// ASCII only.
const percent = (text: string) =>
  text
    .split('')
    .map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .join('');
const last = (path: string, change: (segment: string) => string) => {
  const [before = '', segment = ''] = cut(path);
  return `${before}/${change(segment)}`;
};

/** Spellings that some servers interpret differently from others. */
const ways: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `/${path}`,
  (path) => `//${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => `/.${path}`,
  (path) => path.replaceAll('/', '/./'),
  (path) => `/latest/meta-data/placement/../../..${path}`,
  (path) => `/latest/meta-data/placement/region/../../../..${path}`,
  (path) => `/latest/meta-data/placement/%2e%2e/%2e%2e/%2e%2e${path}`,
  (path) => `/latest/meta-data/placement/..%2f..%2f..${path}`,
  (path) => `/latest/meta-data/placement/..;/..;/..${path}`,
  (path) => `/latest/meta-data/placement/region\\..\\..\\..${path}`,
  (path) => `/latest/meta-data/placement/.%2e/.%2E/%2e.${path}`,
  (path) => last(path, percent),
  (path) => last(path, (segment) => percent(segment).toUpperCase()),
  (path) => last(path, (segment) => percent(percent(segment))),
  (path) => last(path, (segment) => percent(segment[0] ?? '') + segment.slice(1)),
  (path) => last(path, (segment) => segment.toUpperCase()),
  (path) => last(path, (segment) => `${segment}%00`),
  (path) => last(path, (segment) => `${segment}%20`),
  (path) => last(path, (segment) => `${segment}.`),
  (path) => last(path, (segment) => `${segment};x=1`),
  (path) => last(path, (segment) => `${segment}%2f`),
  (path) => last(path, (segment) => `${segment}%3f`),
  (path) => last(path, (segment) => `${segment}%23`),
  (path) => last(path, (segment) => `${segment}\t`),
  (path) => last(path, (segment) => `${segment}/.`),
  (path) => last(path, (segment) => `${segment}/../${segment}`),
  (path) => path.replaceAll('/', '%2f'),
  (path) => path.replaceAll('/', '\\'),
  (path) => path.replace('/latest', '/latest/api/token/../..'),
  (path) => path.replaceAll('a', '\u00e1'),
  (path) => path.replaceAll('/', '\u00c0\u00af'),
  (path) => path.replaceAll('/', '%c0%af'),
  (path) => `${path}?`,
  (path) => `${path}?x=/../`,
  (path) => `${path}#fragment`,
  (path) => `http://169.254.169.254${path}`,
  (path) => `http://user@169.254.169.254:80${path}`,
  (path) => `//169.254.169.254${path}`,
  (path) => path.slice(1),
  ...VERSIONS.map((version) => (path: string) => path.replace('latest', version)),
];

/** At least 200 distinct raw request targets. */
export const spellings: readonly string[] = [
  ...new Set(TARGETS.flatMap((target) => ways.map((way) => way(target)))),
];
