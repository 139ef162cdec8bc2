/** What came of reading foreign text. A fault completes the sentence "<annotation> of <object> …". */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };
