import { asRefusal, Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { endCall, wasTooLarge } from './feed-call.ts';
import type { FeedCall } from './feed-call.ts';
import type { ReportReader } from './reports/report-reader.ts';
import type { Place, StreamPlaces } from './stream-places.ts';

/** An agent must send its first report within this time. Milliseconds. */
const FIRST_REPORT_WITHIN_MS = 5_000;

/** An open Feed call. */
export interface OpenCall {
  /** The peer, as far as it is known. */
  readonly source: { node: string | undefined; readonly peer: string };
  readonly place: Place;
  /** To be called when the first report has been received. */
  readonly reported: () => void;
  /** The stream has begun; `end` ends it from now on. */
  began(end: (refusal: Refusal) => void): void;
  /** Does nothing if it is over. */
  readonly end: (error: unknown) => void;
  readonly over: boolean;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
}

export interface OpenCallDeps {
  readonly places: StreamPlaces;
  readonly reader: Pick<ReportReader, 'noteTooLarge'>;
  readonly clock: Pick<Clock, 'schedule'>;
}

/** Gives the call its place, and limits the wait for its first report. */
export function openCall(call: FeedCall, { places, reader, clock }: OpenCallDeps): OpenCall {
  const peer = call.getPeer();
  const source: OpenCall['source'] = { node: undefined, peer };
  let endStream: ((refusal: Refusal) => void) | undefined;
  let over = false;
  const done = new AbortController();
  const end = (error: unknown) => {
    if (over) return;
    over = true;
    if (endStream === undefined) endCall(call, asRefusal(error));
    else endStream(asRefusal(error));
  };
  const place = places.enter(peer, end);
  const cancelWait = clock.schedule(FIRST_REPORT_WITHIN_MS, () => {
    end(new Refusal('ServerUnavailable', 'no report was received within 5 s'));
  });
  call.on('cancelled', () => {
    if (!over && wasTooLarge(call)) reader.noteTooLarge(source);
  });
  const left = () => {
    over = true;
    done.abort();
    cancelWait();
    place.leave();
  };
  for (const event of ['end', 'close', 'cancelled', 'error'] as const) call.on(event, left);
  return {
    source,
    place,
    reported: cancelWait,
    began(how) {
      endStream = how;
    },
    end,
    signal: done.signal,
    get over() {
      return over;
    },
  };
}
