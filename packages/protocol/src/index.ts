export { isReason, reasons, Refusal } from './reasons.ts';
export type { Reason, ReasonEntry } from './reasons.ts';
