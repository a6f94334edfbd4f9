import { createTestWallet } from '../../test/emulators/quicksync/test-wallet.ts';
import { type Admitted, bearer, type Credentials, createSession, joinSession, mutate } from '../../test/support/graphql-client.ts';
import type { Services } from './services.ts';

/** What a mutation answers where it was done: the type, and its fields that are wanted. Throws for a problem. */
async function done<Answer extends string>(
  url: string,
  {
    field,
    input,
    answer,
    credentials = {},
  }: { field: string; input: object; answer: readonly [string, ...Answer[]]; credentials?: Credentials },
): Promise<Readonly<Record<Answer, string>>> {
  const [type, ...fields] = answer;
  const result = await mutate(url, field, input, `... on ${type} { ${fields.join(' ')} }`, credentials);
  if (result.__typename !== type) throw new Error(`${field}: ${JSON.stringify(result)}`);
  return result;
}

async function say(url: string, { credentials }: Admitted, content: string, more: object = {}): Promise<void> {
  await done(url, { field: 'sendMessage', input: { content, ...more }, answer: ['MessageDelivery', '__typename'], credentials });
}

const named = (name: string): object => ({ identity: { name } });
const renewed = { timeout: { timeoutSeconds: 43_200, autoRenew: true } };

/** Somebody with a wallet that QuickSync has seen the proof of. */
async function walletOwner(url: string): Promise<Credentials> {
  const wallet = createTestWallet();
  const { id: challengeId, message } = await done(url, {
    field: 'requestWalletChallenge',
    input: { address: wallet.address, backend: 'quicksync' },
    answer: ['WalletChallenge', 'id', 'message'],
  });
  const signature = await wallet.signMessage({ message });
  const { token } = await done(url, { field: 'verifyWallet', input: { challengeId, signature }, answer: ['Credentials', 'token'] });
  return bearer(token);
}

async function fillLocal(url: string): Promise<void> {
  const ada = await createSession(url, { title: 'Stand-up', visibility: 'PUBLIC', ...named('Ada') });
  const grace = await joinSession(url, { sessionId: ada.sessionId, ...named('Grace') });
  await say(url, ada, 'Good morning. What did you find yesterday?');
  await say(url, grace, 'A moth, in relay 70.');
  await createSession(url, {
    title: 'Chess (the password is rook)',
    visibility: 'PUBLIC',
    rules: { password: 'rook', maxMembers: 2 },
    ...named('Judit'),
  });
}

async function fillQuicksync(url: string): Promise<void> {
  const [ada, grace] = [await walletOwner(url), await walletOwner(url)];
  const input = { backend: 'quicksync', title: 'Exchange of files', visibility: 'PUBLIC', rules: { maxMembers: 5 }, ...named('Ada') };
  const host = await createSession(url, input, ada);
  const guest = await joinSession(url, { sessionId: host.sessionId, ...named('Grace') }, grace);
  await say(url, host, 'Is everybody here?');
  await say(url, guest, 'All two of us.');
}

async function fillSipher(url: string): Promise<void> {
  const host = await createSession(url, {
    backend: 'sipher',
    title: 'Payments in private',
    visibility: 'PUBLIC',
    defaults: { chain: 'solana', privacyLevel: 'shielded' },
    ...named('Ada'),
  });
  await say(url, host, 'What is sent here has the defaults of the session under it.', { options: { chain: 'ethereum' } });
}

async function fillMachani(url: string, { machani }: Services): Promise<void> {
  const host = await createSession(url, { backend: 'machani', title: 'Lobby', visibility: 'PUBLIC', ...named('Ada') });
  const guest = await joinSession(url, { sessionId: host.sessionId, ...named('Grace') });
  await say(url, host, 'Is this the queue?');
  await say(url, guest, 'It is a room.');
  // Nobody of the gateway's has seen this one.
  machani.join(machani.createSession({ displayName: 'Radio (made at the service)' }).id, 'Guglielmo');
}

async function fillEliza(url: string, { eliza }: Services): Promise<void> {
  const host = await createSession(url, { backend: 'eliza', title: 'On the couch', visibility: 'PUBLIC', rules: renewed, ...named('Ada') });
  await say(url, host, 'Hello!', { awaitReply: true });
  await say(url, host, 'I am tired of punched cards.', { awaitReply: true });
  const { id } = eliza.createSession({ timeoutConfig: { timeoutMinutes: 720 } });
  eliza.userSays(id, 'I want a session of my own.');
}

async function fillJulep(url: string, { julep }: Services): Promise<void> {
  const host = await createSession(url, {
    backend: 'julep',
    title: 'Engines',
    visibility: 'PUBLIC',
    situation: 'You know about engines.',
    ...named('Grace'),
  });
  await say(url, host, 'I need a compiler.', { awaitReply: true });
  const { id } = julep.state.create({ situation: 'Made at the service.' });
  julep.state.say(id, 'user', 'Is anybody there?');
  julep.state.say(id, 'assistant', 'Why do you ask?');
}

/** Makes something to look at at each backend of the gateway: through it, and at the services themselves. */
export async function fill(url: string, services: Services): Promise<void> {
  for (const fillOne of [fillLocal, fillQuicksync, fillSipher, fillMachani, fillEliza, fillJulep]) await fillOne(url, services);
}
