import { createHash } from 'node:crypto';
import { document, refusal } from './answer.ts';
import { imdsJson, imdsTime } from '../imds-documents/credentials-document.ts';
import { podOf } from './situation.ts';
import type { Situation, Verdict } from './situation.ts';

/** An instance profile's ID as AWS forms them: AIPA and 17 of these. */
const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ID_LENGTH = 17;

/** `iam/` and `iam/info` are about the Pod's own role: without a permitted one they are not there. */
export function answerIam({ route, caller, nowMs }: Situation): Verdict | undefined {
  if (route.kind !== 'iam' && route.kind !== 'iam-info') return undefined;
  const decision = podOf(caller)?.decision;
  if (decision?.kind === 'deny') {
    const detail = decision.message;
    return { kind: 'answer', answer: refusal(decision.reason, { status: 404, detail }) };
  }
  if (decision?.kind !== 'allow') return undefined;
  const text = route.kind === 'iam' ? 'info\nsecurity-credentials/' : iamInfo(decision.roleArn, nowMs);
  return { kind: 'answer', answer: document(text) };
}

/** Made up, well-formed, and the same each time: there is no instance profile behind a Pod's role. */
function iamInfo(roleArn: string, nowMs: number): string {
  const digest = createHash('sha256').update(roleArn).digest();
  const letters = [...digest.subarray(0, ID_LENGTH)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]);
  return imdsJson([
    ['Code', 'Success'],
    ['LastUpdated', imdsTime(nowMs)],
    ['InstanceProfileArn', roleArn.replace(':role/', ':instance-profile/')],
    ['InstanceProfileId', `AIPA${letters.join('')}`],
  ]);
}
