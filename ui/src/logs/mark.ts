/** A piece of text, and whether it is what was searched for. */
export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** Cuts `text` at every occurrence of `query`, whatever the case of the letters. */
export function mark(text: string, query: string): readonly Piece[] {
  if (query === "") return [{ text, hit: false }];
  const pieces: Piece[] = [];
  const haystack = text.toLowerCase();
  const needle = query.toLowerCase();
  let from = 0;
  // A few letters change length in lower case; then positions differ and nothing is marked.
  for (let at = haystack.length === text.length ? haystack.indexOf(needle) : -1; at >= 0; at = haystack.indexOf(needle, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false });
    pieces.push({ text: text.slice(at, at + needle.length), hit: true });
    from = at + needle.length;
  }
  if (from < text.length || pieces.length === 0) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}
