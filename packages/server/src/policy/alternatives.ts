/** Groups, classes and quotes, in which a | does not separate alternatives of the whole expression. */
const NESTED = /[()[\]]|\\[Q|]/;
/** Signs that stand for themselves, as they are or after a backslash. */
const LITERAL = /^(?:[\w=,@/:-]|\\[^\w\s])+$/;

/** The alternatives of an expression; the expression itself if they cannot be told apart without parsing it. */
export function alternativesOf(expression: string): readonly string[] {
  return NESTED.test(expression) ? [expression] : expression.split('|');
}

/** The only text that the alternative matches; undefined if it may match others. */
export function literalOf(alternative: string): string | undefined {
  const [, bare = ''] = /^\^?(.*?)\$?$/s.exec(alternative) ?? [];
  return LITERAL.test(bare) ? bare.replaceAll(/\\(.)/g, '$1') : undefined;
}
