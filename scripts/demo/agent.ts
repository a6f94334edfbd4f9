const patterns: readonly (readonly [RegExp, (rest: string) => string])[] = [
  [/\bi (?:feel|am|'m) (.+)/i, (rest) => `How long have you been ${rest}?`],
  [/\bi (?:want|need|would like) (.+)/i, (rest) => `What would it mean to you to have ${rest}?`],
  [/\b(?:hello|hi|hey|good morning|good evening)\b/i, () => 'Hello. What brings you here today?'],
  [/\bbecause (.+)/i, () => 'Is that the real reason?'],
  [/\?\s*$/, () => 'Why do you ask?'],
];

/** What the demo's agents say to a message: as the program of 1966 did, which also knew nothing. */
export function replyTo(said: string): string {
  for (const [pattern, answer] of patterns) {
    const match = pattern.exec(said);
    if (match !== null) return answer((match[1] ?? '').replace(/[.!?\s]+$/, ''));
  }
  return `Tell me more about “${said.trim().slice(0, 200)}”.`;
}

/** Cut after each space, as models stream. */
export const inPieces = (reply: string): readonly string[] => reply.split(/(?<= )/);
