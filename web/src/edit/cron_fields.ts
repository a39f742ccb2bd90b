// How an expression is cut into its fields, for labels and marks only; what it means is the service's to say.

export type FieldName = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'year';
const FIVE: FieldName[] = ['minute', 'hour', 'day', 'month', 'weekday'];

export interface Token {
  text: string;
  from: number; // where it begins, in characters
  name: FieldName | null;
}

// The names change with the number of fields: six fields mean a year at the end, and seven a second before.
export function fieldsOf(cron: string): Token[] {
  const tokens: Token[] = [];
  for (const match of cron.matchAll(/\S+/gu)) tokens.push({ text: match[0], from: match.index, name: null });
  if (tokens[0]?.text.startsWith('@')) return tokens;
  const names: FieldName[] = tokens.length >= 7 ? ['second', ...FIVE, 'year'] : tokens.length === 6 ? [...FIVE, 'year'] : FIVE;
  tokens.forEach((token, i) => { token.name = names[i] ?? null; });
  return tokens;
}

// From bytes of UTF-8, in which the API counts, to characters.
export function characterRange(text: string, offset: number, length: number): [number, number] {
  const raw = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const from = decoder.decode(raw.slice(0, offset)).length;
  return [from, from + Math.max(1, decoder.decode(raw.slice(offset, offset + length)).length)];
}
