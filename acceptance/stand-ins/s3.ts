// Stands in for S3: lists one bucket, named after the caller's account and access key. Asks STS who that is, with the caller's
// signature. Arguments: HOST PORT STS_URL. Ends with its input.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

const [, , host = '', port = '', stsUrl = ''] = process.argv;
const KEY = /Credential=([^/,\s]+)/;
const DENIED = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';

async function bucketOf({ headers }: IncomingMessage): Promise<string | undefined> {
  const { authorization = '', 'x-amz-security-token': token = '' } = headers;
  const key = KEY.exec(authorization)?.[1];
  if (key === undefined) return undefined;
  const answer = await fetch(stsUrl, {
    method: 'POST',
    headers: { authorization, 'x-amz-security-token': String(token) },
    body: 'Action=GetCallerIdentity',
  });
  const account = /<Account>(.*)<\/Account>/.exec(await answer.text())?.[1];
  return account === undefined ? undefined : `${account}.${key.toLowerCase()}`;
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
