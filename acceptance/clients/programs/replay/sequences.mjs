// What clients send that cannot be had here, and how they go on after a failure, from their sources.

const TOKEN = '/latest/api/token';
const ROLES = '/latest/meta-data/iam/security-credentials';
const KOTLIN =
  'User-Agent: aws-sdk-kotlin/1.4.0 ua/2.1 api/imds#unknown os/linux#6.1 lang/kotlin#2.1.0 md/javaVersion#17.0.15';

/** Each request is tried up to `tries` times, as long as `again` says so of its status: 0 is none in time. */
export const sequences = {
  // A new connection each time, and a token for the list and one for the document.
  dotnet: {
    timeoutMs: 5_000,
    tries: 3,
    again: (status) => status !== 401 && status !== 404,
    pauseMs: (attempts) => 250 * 2 ** (attempts - 1),
    withoutToken: (status) => [0, 403, 404, 405].includes(status) || status >= 500,
    tokenEach: true,
    list: ROLES,
    lines: (method, path, headers) => [
      `${method} ${path} HTTP/1.1`,
      'Host: 169.254.169.254',
      'User-Agent: aws-sdk-dotnet-coreclr/3.7.400.34 ua/2.0 os/linux#6.1 md/ARCH#X64 lang/.NET_Core#8.0.8 md/aws-sdk-dotnet-core#3.7.400.34',
      ...headers,
      ...(method === 'PUT' ? ['Content-Length: 0'] : []),
    ],
  },
  // With Guzzle 7: what has no answer in time is not tried again. Its four attempts are shared by the three requests.
  php: {
    timeoutMs: 1_000,
    tries: 4,
    sharesTries: true,
    again: (status) => ![0, 401, 403].includes(status),
    pauseMs: () => 1_000,
    withoutToken: (status) => ![0, 400, 500, 502, 503, 504].includes(status),
    list: `${ROLES}/`,
    lines: (method, path, headers) => [
      `${method} ${path} HTTP/1.1`,
      'Host: 169.254.169.254',
      'User-Agent: aws-sdk-php/3.324.0 GuzzleHttp/7',
      ...headers,
      ...(method === 'PUT' ? ['Content-Length: 0'] : []),
    ],
  },
  // It never asks without a token.
  kotlin: {
    timeoutMs: 1_000,
    tries: 3,
    again: (status) => status === 0 || status === 401 || status >= 500,
    pauseMs: (attempts) => Math.random() * 10 * 1.5 ** (attempts - 1),
    withoutToken: () => false,
    list: `${ROLES}/`,
    lines: (method, path, headers) => [
      `${method} ${path} HTTP/1.1`,
      ...(method === 'PUT' ? [...headers, KOTLIN, 'Content-Length: 0'] : [KOTLIN, ...headers]),
      'Host: 169.254.169.254',
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
    ],
  },
};

export const tokenRequest = ['PUT', TOKEN, ['x-aws-ec2-metadata-token-ttl-seconds: 21600']];
