// Requests credentials once with the defaults of the SDK, and writes the result as one JSON object to the container's termination message.
// Times are seconds since the epoch.
import { readFileSync, writeFileSync } from 'node:fs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import packageOf from '@aws-sdk/client-sts/package.json' with { type: 'json' };

/** USER_HZ of proc(5). */
const TICKS_PER_SECOND = 100;

const now = () => Date.now() / 1000;

/** The start of this process, which is the container's first. proc(5): field 22, in clock ticks since boot. */
function processStart() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return now() - Number(uptime) + ticks / TICKS_PER_SECOND;
}

const result = { client: `JavaScript v3 ${packageOf.version}`, start: processStart() };
const sts = new STSClient({});
result.asked = now();
try {
  await sts.config.credentials();
} catch (error) {
  result.error = `${error.name}: ${error.message}`;
}
result.answered = now();
if (result.error === undefined)
  try {
    result.arn = (await sts.send(new GetCallerIdentityCommand({}))).Arn;
  } catch (error) {
    result.identityError = `${error.name}: ${error.message}`;
  }
writeFileSync('/dev/termination-log', JSON.stringify(result));
console.log(JSON.stringify(result));
process.exitCode = result.arn === undefined ? 1 : 0;
