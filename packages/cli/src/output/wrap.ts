/** Breaks a text into lines of at most `width` characters, at spaces if there are any. */
export function wrapLines(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, width))) {
    if (line === '') line = word;
    else if (lengthOf(line) + 1 + lengthOf(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A longer word, such as an ARN, is cut. */
function pieces(word: string, width: number): readonly string[] {
  const signs = Array.from(word);
  if (signs.length <= width) return [word];
  const count = Math.ceil(signs.length / width);
  return Array.from({ length: count }, (_, at) => signs.slice(at * width, (at + 1) * width).join(''));
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
