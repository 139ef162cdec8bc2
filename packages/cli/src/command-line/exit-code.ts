/** What every command's exit code means to a script. */
export const exitCodes = {
  ok: 0,
  /** The answer is no: a Pod is denied, or a check failed. */
  negative: 1,
  /** The command line is invalid. */
  usage: 2,
  /** The cluster did not answer, or only in part, for example because a right is missing. */
  incomplete: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
