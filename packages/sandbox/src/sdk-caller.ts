// An unmodified AWS SDK in a process of its own: asks who it is and prints the answer as JSON. Where its credentials come
// from is told by its environment alone, as in a Pod.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const { Account, Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ Account, Arn }));
