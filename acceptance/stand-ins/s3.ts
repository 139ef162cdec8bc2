// Stands in for S3: lists one bucket, named after the caller's account and access key. Asks STS who that is, with the caller's
// signature. Arguments: HOST PORT STS_URL. Ends with its input.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

const [, , host = '', port = '', stsUrl = ''] = process.argv;
const KEY = /Credential=([^/,\s]+)/;
/** The signature of S3 before version 4, which STS does not know. */
const OLD_KEY = /^AWS ([^:]+):/;
const DENIED = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';

async function bucketOf({ headers }: IncomingMessage): Promise<string | undefined> {
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
  return account === undefined ? undefined : `${account}.${key.toLowerCase()}`;
}

/** What STS reads of a signature of version 4. */
function signedBy(key: string): string {
  return `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/sts/aws4_request`;
}

const server = createServer((request, response) => {
  request.resume();
  void bucketOf(request).then((bucket) => {
    response.writeHead(bucket === undefined ? 403 : 200, { 'content-type': 'application/xml' });
    if (bucket === undefined) response.end(DENIED);
    else
      response.end(
        '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>owner</ID></Owner><Buckets>' +
          `<Bucket><Name>${bucket}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`,
      );
  });
});
server.listen(Number(port), host, () => {
  console.log('ready');
});
process.stdin.resume().once('end', () => process.kill(process.pid));
