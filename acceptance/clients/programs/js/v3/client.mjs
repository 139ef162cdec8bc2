import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ask } from './ask.mjs';

const sts = new STSClient({});

await ask(async () => {
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  return [(await sts.config.credentials()).accessKeyId, Account];
});
