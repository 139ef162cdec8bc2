/** What disturbs the system. Times are by performance.now(). */
export interface Trouble {
  /** The latest time at which a fault was active or the system had not recovered from it. -Infinity: never yet. */
  readonly lastMs: number;
  /** Of the latest fault. */
  readonly mayFail: RegExp | undefined;
}

export interface TroubleLog {
  readonly begin: (fault: { readonly mayFail?: RegExp | undefined }) => void;
  /** The system has recovered. */
  readonly end: () => void;
  readonly now: () => Trouble;
}

export function createTroubleLog(nowMs: () => number = () => performance.now()): TroubleLog {
  let [active, lastMs] = [false, -Infinity];
  let mayFail: RegExp | undefined;
  return {
    begin(fault) {
      active = true;
      mayFail = fault.mayFail;
    },
    end() {
      active = false;
      lastMs = nowMs();
    },
    now: () => ({ lastMs: active ? nowMs() : lastMs, mayFail }),
  };
}
