import { isReason, isVersion as isResourceVersion, rolegateService } from '@rolegate/protocol';
import type {
  AgentReportRead,
  FirstDeliveryRead,
  HeldSessionRead,
  InterceptionRead,
  Reason,
  ResourceVersionsRead,
} from '@rolegate/protocol';
import { cutReport } from './cut-report.ts';
import { MOST_ANSWERS } from './limits.ts';
import type { ReportField } from './limits.ts';

/** The label of counted answers: '' for success, 'other' for request errors and for reasons of later versions. */
export type AnswerLabel = Reason | '' | 'other';

/** A well-formed report. It is not yet checked whether it is about the agent's own node. */
export interface Report {
  /** '' if unset. */
  readonly nodeName: string;
  readonly version: string;
  readonly heldSessions: readonly HeldSessionRead[];
  /** Undefined if unset. */
  readonly interception: InterceptionRead | undefined;
  readonly firstDeliveries: readonly FirstDeliveryRead[];
  readonly answers: ReadonlyMap<AnswerLabel, number>;
  readonly usedSessionIds: readonly string[];
  /** Undefined if unset, as by agents of 0.1. '' for a kind of which nothing was seen. */
  readonly newestSeen: ResourceVersionsRead | undefined;
  /** Since the agent was told to forget versions; undefined if it never was. */
  readonly forgotMs: number | undefined;
  /** Undefined if unset, as by agents of 0.2. */
  readonly servesContainerCredentials: boolean | undefined;
}

export interface Received {
  readonly report: Report;
  /** The number of dropped values, by field. */
  readonly dropped: ReadonlyMap<ReportField, number>;
}

const VERSION = /^[\w.+-]{1,64}$/;
/** Shown instead of an invalid version. */
const NO_VERSION = 'invalid';
/** Created by a server (session.ts); other versions may use another form. */
const SESSION_ID = /^[\w-]{1,64}$/;
const FINGERPRINT = /^[\w-]{0,64}$/;
/** In practice a UUID, or the hash of a static Pod. */
const POD_UID = /^[A-Za-z0-9-]{1,63}$/;
/** The form of reasons, those of later versions included. */
const REASON_WORD = /^[A-Za-z]{1,64}$/;

/** Reads a report and drops invalid values. Throws if the bytes are not a report. */
export function receiveReport(bytes: Buffer): Received {
  const cut = cutReport(bytes);
  const dropped = new Map(cut.dropped);
  const drop = (field: ReportField) => dropped.set(field, (dropped.get(field) ?? 0) + 1);
  const read = rolegateService.Feed.requestDeserialize(cut.bytes);

  function only<Value>(field: ReportField, values: readonly Value[], isGood: (value: Value) => boolean) {
    return values.filter((value) => {
      const good = isGood(value);
      if (!good) drop(field);
      return good;
    });
  }

  const report = {
    nodeName: read.nodeName,
    version: versionOf(only('version', [read.version], isVersion), cut.dropped),
    heldSessions: only('heldSessions', read.heldSessions, isHeldSession),
    interception: layersOf(read),
    firstDeliveries: only('firstDeliveries', read.firstDeliveries, isDelivery),
    answers: sumOf(only('answersByReason', Object.entries(read.answersByReason), isAnswer)),
    usedSessionIds: only('usedSessionIds', read.usedSessionIds, (id) => SESSION_ID.test(id)),
    newestSeen: only('newestSeen', presentOnes(read.newestSeen), isSeen)[0],
    forgotMs: only('forgotMs', presentOnes(read.forgotMs), isCount)[0],
    servesContainerCredentials: presentOnes(read.servesContainerCredentials)[0],
  };
  return { report, dropped };
}

function presentOnes<Value>(value: Value | null | undefined): Value[] {
  return value === null || value === undefined ? [] : [value];
}

function isSeen({ pod, namespace, serviceAccount }: ResourceVersionsRead): boolean {
  return [pod, namespace, serviceAccount].every((version) => version === '' || isResourceVersion(version));
}

function versionOf([version]: readonly string[], dropped: Received['dropped']): string {
  return version === undefined || dropped.has('version') ? NO_VERSION : version;
}

function isVersion(version: string): boolean {
  return version === '' || VERSION.test(version);
}

function isHeldSession(session: HeldSessionRead): boolean {
  const { sessionId, fingerprint, remainingMs, lifetimeMs, unusedMs = 0 } = session;
  return (
    SESSION_ID.test(sessionId) &&
    FINGERPRINT.test(fingerprint) &&
    Number.isSafeInteger(remainingMs) &&
    isCount(lifetimeMs) &&
    isCount(unusedMs)
  );
}

function isDelivery({ podUid, sessionId, heldMs }: FirstDeliveryRead): boolean {
  return POD_UID.test(podUid) && SESSION_ID.test(sessionId) && isCount(heldMs);
}

function isAnswer([reason, count]: readonly [string, number]): boolean {
  return (reason === '' || REASON_WORD.test(reason)) && isCount(count) && count <= MOST_ANSWERS;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Without the fields that deserialization adds. */
function layersOf({ interception }: AgentReportRead): InterceptionRead | undefined {
  if (interception === null) return undefined;
  const { nat, filter, route, input } = interception;
  return {
    ...(nat !== undefined && { nat }),
    ...(filter !== undefined && { filter }),
    ...(route !== undefined && { route }),
    ...(input !== undefined && { input }),
  };
}

function sumOf(answers: readonly (readonly [string, number])[]): ReadonlyMap<AnswerLabel, number> {
  const sums = new Map<AnswerLabel, number>();
  for (const [word, count] of answers) {
    const label = word === '' || isReason(word) ? word : 'other';
    sums.set(label, (sums.get(label) ?? 0) + count);
  }
  return sums;
}
