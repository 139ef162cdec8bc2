import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getInstanceMetadataEndpoint, httpRequest } from '@smithy/credential-provider-imds';
import { ask } from './ask.mjs';

function open() {
  const sts = new STSClient({});
  return async () => {
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    return [(await sts.config.credentials()).accessKeyId, Account];
  };
}

/** As the SDK does it for `defaultsMode: 'auto'`. */
async function region() {
  const endpoint = await getInstanceMetadataEndpoint();
  return (await httpRequest({ ...endpoint, path: '/latest/meta-data/placement/region' })).toString();
}

await ask(open, region);
