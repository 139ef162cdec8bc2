import AWS from 'aws-sdk';
import { ask } from './ask.mjs';

function open() {
  // This version does not read AWS_ENDPOINT_URL_STS.
  const sts = new AWS.STS({ endpoint: process.env.AWS_ENDPOINT_URL_STS, region: process.env.AWS_REGION });
  return async () => {
    const { Account } = await sts.getCallerIdentity().promise();
    return [sts.config.credentials.accessKeyId, Account];
  };
}

async function region() {
  const service = new AWS.MetadataService();
  const token = await new Promise((resolve, reject) => {
    service.fetchMetadataToken((error, found) => (error ? reject(error) : resolve(found)));
  });
  const headers = { 'x-aws-ec2-metadata-token': token };
  return new Promise((resolve, reject) => {
    service.request('/latest/meta-data/placement/region', { headers }, (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
}

await ask(open, region);
