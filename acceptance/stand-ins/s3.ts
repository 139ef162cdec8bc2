// Stands in for S3, with and without TLS on one port. Its buckets, one of which is listed under the caller's account and access key, have
// one object that says who reads it. Asks STS who that is, with the caller's signature. Arguments: HOST PORT STS_URL. Ends with its input.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createTestCa } from '@rolegate/testing';

const [, , host = '', port = '', stsUrl = ''] = process.argv;
const KEY = /Credential=([^/,\s]+)/;
/** The signature of S3 before version 4, which STS does not know. */
const OLD_KEY = /^AWS ([^:]+):/;
const OBJECT = 'identity.csv';
const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const XML = { 'content-type': 'application/xml' };
const DATE = '2026-01-01T00:00:00.000Z';
/** The first byte of a TLS record with a handshake. */
const HANDSHAKE = 0x16;

interface Caller {
  readonly account: string;
  readonly key: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The last caller of each bucket. */
const callers = new Map<string, Caller>();

async function callerOf({ headers }: IncomingMessage): Promise<Caller | undefined> {
  const { authorization = '', 'x-amz-security-token': token = '' } = headers;
  const oldKey = OLD_KEY.exec(authorization)?.[1];
  const key = oldKey ?? KEY.exec(authorization)?.[1];
  if (key === undefined) return undefined;
  const answer = await fetch(stsUrl, {
    method: 'POST',
    headers: {
      authorization: oldKey === undefined ? authorization : signedBy(oldKey),
      'x-amz-security-token': String(token),
    },
    body: 'Action=GetCallerIdentity',
  });
  const account = /<Account>(.*)<\/Account>/.exec(await answer.text())?.[1];
  return account === undefined ? undefined : { account, key };
}

/** What STS reads of a signature of version 4. */
function signedBy(key: string): string {
  return `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/sts/aws4_request`;
}

async function answerTo(request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
  const asked = searchParams.get('caller-of');
  if (asked !== null) {
    const last = callers.get(asked);
    return last === undefined
      ? failure(404, 'NoSuchBucket')
      : { status: 200, body: `${last.account},${last.key}` };
  }
  const caller = await callerOf(request);
  if (caller === undefined) return failure(403, 'AccessDenied');
  const [bucket = '', ...object] = decodeURIComponent(pathname).split('/').filter(Boolean);
  callers.set(bucket, caller);
  if (bucket === '') return listedBucket(caller);
  const text = `account,key\n${caller.account},${caller.key}\n`;
  if (object.length > 0)
    return object.join('/') === OBJECT ? contentOf(text, request) : failure(404, 'NoSuchKey');
  if (searchParams.has('location')) return xml(`<LocationConstraint ${NAMESPACE}/>`);
  return listedObjects(bucket, text.length, searchParams.get('prefix') ?? '');
}

function listedBucket({ account, key }: Caller): Answer {
  const bucket = `<Bucket><Name>${account}.${key.toLowerCase()}</Name><CreationDate>${DATE}</CreationDate></Bucket>`;
  return xml(
    `<ListAllMyBucketsResult ${NAMESPACE}><Owner><ID>owner</ID></Owner><Buckets>${bucket}</Buckets></ListAllMyBucketsResult>`,
  );
}

function listedObjects(bucket: string, size: number, prefix: string): Answer {
  const found = OBJECT.startsWith(prefix);
  const contents = `<Contents><Key>${OBJECT}</Key><LastModified>${DATE}</LastModified><ETag>"etag"</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  return xml(
    `<ListBucketResult ${NAMESPACE}><Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${found ? 1 : 0}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${found ? contents : ''}</ListBucketResult>`,
  );
}

function contentOf(text: string, { headers }: IncomingMessage): Answer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const common = {
    'content-type': 'text/csv',
    etag: '"etag"',
    'last-modified': new Date(DATE).toUTCString(),
    'accept-ranges': 'bytes',
  };
  if (range === null) return { status: 200, body: text, headers: common };
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? Infinity : Number(range[2]), text.length - 1);
  if (from > to) return failure(416, 'InvalidRange');
  const headersOfPart = { ...common, 'content-range': `bytes ${from}-${to}/${text.length}` };
  return { status: 206, body: text.slice(from, to + 1), headers: headersOfPart };
}

function xml(body: string): Answer {
  return { status: 200, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`, headers: XML };
}

function failure(status: number, code: string): Answer {
  return { status, body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, headers: XML };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  request.resume();
  void answerTo(request).then((answer) => {
    send(response, answer);
  });
});
/** With a certificate that nobody checks. */
const certificate = await (await createTestCa()).issue({ ips: [host] });
const tlsServer = createTlsServer(certificate, (socket) => {
  server.emit('connection', socket);
});

/** Passes a connection on to the server that its first byte is for. */
function accept(socket: Socket): void {
  socket.on('error', () => undefined); // a client that hangs up
  socket.once('data', (first) => {
    socket.pause();
    socket.unshift(first);
    (first[0] === HANDSHAKE ? tlsServer : server).emit('connection', socket);
    process.nextTick(() => socket.resume());
  });
}

createTcpServer(accept).listen(Number(port), host, () => {
  console.log('ready');
});
process.stdin.resume().once('end', () => process.kill(process.pid));
