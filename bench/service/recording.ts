import { createJulepEmulator } from '../../test/emulators/julep/emulator.ts';

/** What a service answers to the calls that are measured. */
export interface Recording {
  readonly apiKey: string;
  /** By id, newest first: the text of the answer to reading that session, which is also its row in the list. */
  readonly sessions: readonly (readonly [id: string, text: string])[];
}

/** By the document of the API every session has a user, and what is generated from the document fails without. */
const userId = '5f0c7a52-6d0e-4b8e-9a39-0b7e0a5b7c11';
const startedAt = Date.parse('2026-01-05T09:00:00Z');

const situation = (number: number): string =>
  `You are the host of table ${number}. Greet whoever sits down, keep the talk going, and say so when you do not know an answer.`;

const metadata = (number: number): object => ({
  table: number,
  topic: ['astronomy', 'bread', 'chess', 'dialects'][number % 4],
  tags: ['evening', 'open'],
  venue: { city: 'Lisbon', floor: number % 5 },
});

/** Has the emulated service make so many sessions, asks it for each as anybody would, and writes down what it says. */
export async function recordSessions(count: number): Promise<Recording> {
  // One instant for each: the order of a list by creation is then the same whoever sorts it.
  let now = startedAt;
  await using emulator = await createJulepEmulator({ contract: 'v0.3', now: () => (now += 1_000) });
  const ask = async (path: string): Promise<string> => {
    const response = await fetch(`${emulator.baseUrl}${path}`, { headers: { authorization: `Bearer ${emulator.apiKey}` } });
    if (response.status !== 200) throw new Error(`The emulator answered ${response.status}: ${await response.text()}`);
    return response.text();
  };
  for (let number = 1; number <= count; number += 1)
    emulator.state.create({ userId, situation: situation(number), metadata: { ...metadata(number) } });
  const list = JSON.parse(await ask(`/sessions?limit=${count}`)) as { readonly items: readonly { readonly id: string }[] };
  const sessions: (readonly [string, string])[] = [];
  for (const row of list.items) {
    const text = await ask(`/sessions/${row.id}`);
    if (text !== JSON.stringify(row)) throw new Error(`Expected the list to have session ${row.id} as it is read: ${text}`);
    sessions.push([row.id, text]);
  }
  return { apiKey: emulator.apiKey, sessions };
}
