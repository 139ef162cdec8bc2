import { isReason } from '@rolegate/protocol';
import type { DecisionInputs, Reason } from '@rolegate/protocol';
import type { SavedClaim } from '../addresses/saved-claims.ts';
import type { CniResult } from '../addresses/cni-files/parse-result.ts';
import type {
  Decision,
  CachedCredentials,
  CachedSession,
  KnownPod,
  MetadataAccess,
} from '../feed/table/known-pod.ts';
import type { DecidedOn } from '../feed/table/pod-versions.ts';
import type { AskedSession, DecidedPod, RemovedPod } from '../feed/table/contents.ts';
import type { SavedTable } from './saved-state.ts';
import type { MachineTime } from './machine.ts';
import { flag, list, maybe, members, number, StateFault, text } from './shape.ts';
import type { Read } from './shape.ts';

/** Reads a table; leaves out what has expired by `nowMs` (monotonic). */
export function tableReader({ time, nowMs }: { time: MachineTime; nowMs: number }): Read<SavedTable> {
  const moment: Read<number> = (value, at) => time.fromMachine(number(value, at));
  const removedOf: Read<RemovedPod> = (value, at) => {
    const gone = members(value, at);
    return {
      uid: gone('uid', text),
      versions: gone('versions', versionsOf),
      untilMs: gone('untilMs', moment),
    };
  };
  const credentialsOf = credentialsReader(moment);

  return (value, at) => {
    const table = members(value, at);
    const feedThereMs = table('feedThereMs', moment);
    if (feedThereMs > nowMs) throw new StateFault(`${at}.feedThereMs is in the future`);
    const sessions = table('sessions', list(sessionReader(credentialsOf, moment)));
    return {
      feedThereMs,
      pods: table('pods', list(decidedPodOf)),
      gone: table('gone', list(removedOf)).filter(({ untilMs }) => untilMs > nowMs),
      sessions: sessions.map((session) => withoutExpired(session, nowMs)),
      named: table('named', list(text)),
      claims: table('claims', maybe(list(claimOf))),
      // Absent from older agents.
      forgotAtMs: table('forgotAtMs', maybe(moment)),
    };
  };
}

const claimOf: Read<SavedClaim> = (value, at) => {
  const claim = members(value, at);
  return {
    file: claim('file', text),
    result: claim('result', maybe(resultOf)),
    lost: claim('lost', list(text)),
  };
};

const resultOf: Read<CniResult> = (value, at) => {
  const result = members(value, at);
  const uid = result('uid', maybe(text));
  return {
    ...(uid !== undefined && { uid }),
    namespace: result('namespace', text),
    name: result('name', text),
    ips: result('ips', list(text)),
  };
};

function withoutExpired({ credentials, ...session }: AskedSession, nowMs: number): AskedSession {
  const valid = credentials !== undefined && credentials.expiresAtMs > nowMs;
  return { ...session, ...(valid && { credentials }) };
}

const versionsOf: Read<DecidedOn> = (value, at) => {
  const versions = members(value, at);
  return {
    pod: versions('pod', text),
    namespace: versions('namespace', text),
    serviceAccount: versions('serviceAccount', text),
  };
};

const decidedPodOf: Read<DecidedPod> = (value, at) => {
  const decided = members(value, at);
  return { pod: decided('pod', podOf), versions: decided('versions', versionsOf) };
};

const podOf: Read<KnownPod> = (value, at) => {
  const pod = members(value, at);
  const inputs = pod('inputs', maybe(inputsOf));
  return {
    uid: pod('uid', text),
    namespace: pod('namespace', text),
    name: pod('name', text),
    serviceAccount: pod('serviceAccount', text),
    runtimeUid: pod('runtimeUid', text),
    ips: pod('ips', list(text)),
    hostNetwork: pod('hostNetwork', flag),
    ended: pod('ended', flag),
    terminating: pod('terminating', flag),
    metadata: pod('metadata', metadataOf),
    decision: pod('decision', decisionOf),
    // Absent from older agents.
    ...(inputs && { inputs }),
  };
};

const inputsOf: Read<DecisionInputs> = (value, at) => {
  const inputs = members(value, at);
  return {
    pod: inputs('pod', text),
    namespace: inputs('namespace', text),
    serviceAccount: inputs('serviceAccount', text),
  };
};

const metadataOf: Read<MetadataAccess> = (value, at) => {
  const metadata = members(value, at);
  const only = metadata('only', maybe(list(text)));
  return { denied: metadata('denied', flag), ...(only && { only: new Set(only) }) };
};

const decisionOf: Read<Decision> = (value, at) => {
  const decision = members(value, at);
  const kind = decision('kind', text);
  if (kind === 'pending') return { kind, waitsFor: decision('waitsFor', text) };
  if (kind === 'deny') {
    const roleName = decision('roleName', maybe(text));
    return {
      kind,
      reason: decision('reason', reasonOf),
      message: decision('message', text),
      ...(roleName !== undefined && { roleName }),
    };
  }
  if (kind !== 'allow') throw new StateFault(`${at}.kind is not a decision`);
  return {
    kind,
    sessionId: decision('sessionId', text),
    roleArn: decision('roleArn', text),
    roleName: decision('roleName', text),
    sessionName: decision('sessionName', text),
  };
};

const reasonOf: Read<Reason> = (value, at) => {
  const word = text(value, at);
  if (!isReason(word)) throw new StateFault(`${at} is not a reason`);
  return word;
};

const failureOf: Read<NonNullable<CachedSession['failure']>> = (value, at) => {
  const failure = members(value, at);
  return { reason: failure('reason', reasonOf), message: failure('message', text) };
};

function sessionReader(credentialsOf: Read<CachedCredentials>, moment: Read<number>): Read<AskedSession> {
  return (value, at) => {
    const session = members(value, at);
    const credentials = session('credentials', maybe(credentialsOf));
    const failure = session('failure', maybe(failureOf));
    // Absent from older agents.
    const askedAtMs = session('askedAtMs', maybe(moment));
    return {
      id: session('id', text),
      ...(credentials && { credentials }),
      ...(failure && { failure }),
      ...(askedAtMs !== undefined && { askedAtMs }),
    };
  };
}

function credentialsReader(moment: Read<number>): Read<CachedCredentials> {
  return (value, at) => {
    const credentials = members(value, at);
    return {
      accessKeyId: credentials('accessKeyId', text),
      accountId: credentials('accountId', text),
      fingerprint: credentials('fingerprint', text),
      expiresAtMs: credentials('expiresAtMs', moment),
      lifetimeMs: credentials('lifetimeMs', number),
      document: credentials('document', text),
    };
  };
}
