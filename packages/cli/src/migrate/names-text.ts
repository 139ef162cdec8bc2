/** `a, b and 3 more`; `all`: how many there are. */
export function namesText(names: readonly string[], all: number): string {
  const more = all - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
