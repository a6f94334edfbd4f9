/** What the peers are made to serve: what Parley answered, so that all say the same. */
export interface SampleMember {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly status: string;
  readonly joinedAt: string;
}
export interface SampleSession {
  readonly id: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly visibility: string;
  readonly status: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly rules: { readonly maxMembers: number | null; readonly passwordProtected: boolean };
  readonly members: { readonly nodes: readonly SampleMember[]; readonly pageInfo: { readonly hasNextPage: boolean } };
}
export interface SampleMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly channel: string | null;
  readonly createdAt: string;
  readonly author: Pick<SampleMember, 'id' | 'name' | 'role'> | null;
}
export interface SampleEvent {
  readonly __typename: string;
  readonly cursor: string;
  readonly occurredAt: string;
  readonly message: SampleMessage;
}

/** The same event of another message: other ids, of the same length. */
export function eventLike(sample: SampleEvent, number: number, content: string): SampleEvent {
  const numbered = (text: string): string => `${text.slice(0, -10)}${String(number).padStart(10, '0')}`;
  return { ...sample, cursor: numbered(sample.cursor), message: { ...sample.message, id: numbered(sample.message.id), content } };
}
