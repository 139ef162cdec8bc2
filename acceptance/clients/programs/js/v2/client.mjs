import AWS from 'aws-sdk';
import { ask } from './ask.mjs';

// This version does not read AWS_ENDPOINT_URL_STS.
const sts = new AWS.STS({ endpoint: process.env.AWS_ENDPOINT_URL_STS, region: process.env.AWS_REGION });

await ask(async () => {
  const { Account } = await sts.getCallerIdentity().promise();
  return [sts.config.credentials.accessKeyId, Account];
});
