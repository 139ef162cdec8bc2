import type { Parsed } from './parsed.ts';
import { remember } from './remember.ts';

/** Of all lists of one kind, verdicts included; and of the verdicts of one list. Bytes. */
const LISTS_BYTES = 16 * 1024 * 1024;
const VERDICTS_BYTES = 32 * 1024;
/** What a parsed list takes for each character of its text, a list of one-letter patterns at the worst. Bytes. */
const PARSED_BYTES = 16;

/** Rules of one kind, parsed once for each text, with what they say of the subjects that were asked for last. */
export interface Rules<Rule, Verdict> {
  readonly parse: (text: string) => Parsed<Rule>;
  readonly judge: (text: string, subject: readonly string[]) => Parsed<Verdict>;
}

/** `parse` and `judge` depend on nothing but their arguments. */
export function createRules<Rule, Verdict>(
  parse: (text: string) => Parsed<Rule>,
  judge: (rule: Rule, subject: readonly string[]) => Parsed<Verdict>,
): Rules<Rule, Verdict> {
  const weigh = (_: unknown, text: string) => VERDICTS_BYTES + PARSED_BYTES * text.length;
  const known = remember({ bytes: LISTS_BYTES, weigh }, (text) => {
    const parsed = parse(text);
    const judged = remember({ bytes: VERDICTS_BYTES }, (subject): Parsed<Verdict> =>
      'fault' in parsed ? parsed : judge(parsed.value, JSON.parse(subject) as string[]),
    );
    return { parsed, judged };
  });
  return {
    parse: (text) => known(text).parsed,
    judge: (text, subject) => known(text).judged(JSON.stringify(subject)),
  };
}
