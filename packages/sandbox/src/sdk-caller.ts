// An unmodified AWS SDK in its own process: calls GetCallerIdentity and prints the answer as JSON. As in a Pod, only
// its environment says where its credentials come from.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const { Account, Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ Account, Arn }));
