// minio-js has no GetCallerIdentity: it lists the buckets. The stand-in for S3 names a bucket after the caller's account and key.
import * as Minio from 'minio';
import { IamAwsProvider } from 'minio';
import { ask } from './ask.mjs';

const [endPoint, port] = process.env.AWS_ENDPOINT_URL_S3.split(':');

function open() {
  const credentialsProvider = new IamAwsProvider({});
  const client = new Minio.Client({
    endPoint,
    port: Number(port),
    useSSL: false,
    region: process.env.AWS_REGION,
    credentialsProvider,
  });
  return async () => {
    const [{ name }] = await client.listBuckets();
    const [account, key] = name.split('.');
    return [key.toUpperCase(), account];
  };
}

await ask(open);
