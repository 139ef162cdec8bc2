/** Data that attackers write. Each character is a byte. */

/** The shortest request that the metadata API answers, with 404. */
export const shortest = 'GET / HTTP/1.1\r\n\r\n';

export const listRoles =
  'GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n';

/** The request with the largest answer, about 1 kB. */
export const credentials = (role: string): string =>
  `GET /latest/meta-data/iam/security-credentials/${role} HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n`;

export const metricsPage = 'GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n';

/** 64 kB of pipelined requests. */
export const pipelined = (request: string): string => request.repeat(Math.floor(65_536 / request.length));

/** An unfinished head of the given size. */
export const unfinishedHead = (bytes: number): string => {
  const start = 'GET /latest/meta-data/ HTTP/1.1\r\nX-Padding: ';
  return start + 'a'.repeat(bytes - start.length);
};

export const manyHeaders = {
  start: 'GET /latest/meta-data/ HTTP/1.1\r\n',
  header: 'a:b\r\n',
};

export const chunkedPut = {
  start:
    'PUT /latest/api/token HTTP/1.1\r\nHost: 169.254.169.254\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n' +
    'Transfer-Encoding: chunked\r\n\r\n',
  chunk: `400\r\n${'a'.repeat(0x400)}\r\n`,
  smallChunk: '1\r\na\r\n',
};
