import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';

declare const brand: unique symbol;
type Branded<T extends string> = string & { readonly [brand]: T };

export type SessionId = Branded<'SessionId'>;
export type MemberId = Branded<'MemberId'>;
export type MessageId = Branded<'MessageId'>;

/** The kinds of global id, by the prefix that a client sees. */
export const idPrefixes = {
  Session: 'ses',
  Member: 'mem',
  Message: 'msg',
  Backend: 'bck',
  Agent: 'agt',
  Suggestion: 'sug',
} as const;

export type NodeKind = keyof typeof idPrefixes;

// Drawn for many ids at once: the system takes as long for one.
const chance = new Uint8Array(4_096);
let drawn = chance.length;

function random(): Uint8Array {
  if (drawn === chance.length) {
    crypto.getRandomValues(chance);
    drawn = 0;
  }
  drawn += 16;
  return chance.subarray(drawn - 16, drawn);
}

let lastMs = 0;
let place = 0;

// Time-ordered (UUIDv7), so that ids sort by creation and index pages stay warm. Those of one millisecond are numbered from a place by chance.
function fresh(kind: NodeKind): string {
  const bytes = random();
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    place = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) >>> 1;
  } else {
    place += 1;
  }
  return `${idPrefixes[kind]}_${uuidv7({ msecs: lastMs, seq: place, random: bytes }).replaceAll('-', '')}`;
}

export const newSessionId = (): SessionId => fresh('Session') as SessionId;
export const newMemberId = (): MemberId => fresh('Member') as MemberId;
export const newMessageId = (): MessageId => fresh('Message') as MessageId;

/** A handle for a session that has no service to give it one. */
export const newHandle = (): string => uuidv7();

// Made for this and used nowhere else.
const ingested = '5d1c0a52-6f0b-4a8e-9f5e-2b1f7d3c9e64';

/** The id of a message that a service has under an id of its own: the same for every gateway, however often it is heard of. */
export const messageIdFrom = (sessionId: SessionId, serviceId: string): MessageId =>
  `${idPrefixes.Message}_${uuidv5(`${sessionId} ${serviceId}`, ingested).replaceAll('-', '')}` as MessageId;

/** The id of a member that was heard of at the service. @param stay - Names the member and the stay. */
export const memberIdFrom = (sessionId: SessionId, stay: string): MemberId =>
  `${idPrefixes.Member}_${uuidv5(`${sessionId} ${stay}`, ingested).replaceAll('-', '')}` as MemberId;

/** Stands for a text where the text itself is too long to be kept: the same for every gateway. */
export const fingerprintOf = (text: string): string => uuidv5(text, ingested);

/** Whether a message's id was made from a service's (`messageIdFrom`). */
export const isFromService = (id: MessageId): boolean => id.at(idPrefixes.Message.length + 1 + 12) === '5';

const kinds = new Map(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix as string, kind as NodeKind]));
const shape = /^([a-z]{3})_([A-Za-z0-9_-]{1,200})$/;

/** Which kind of node an id claims to name, or null where it is not an id of this gateway at all. */
export function kindOfId(id: string): NodeKind | null {
  const match = shape.exec(id);
  return (match?.[1] !== undefined && kinds.get(match[1])) || null;
}

export const isSessionId = (id: string): id is SessionId => kindOfId(id) === 'Session';
export const isMemberId = (id: string): id is MemberId => kindOfId(id) === 'Member';
export const isMessageId = (id: string): id is MessageId => kindOfId(id) === 'Message';

/** The global id of a backend, agent or suggestion: its name behind a prefix, since names are unique by configuration. */
export const idOf = (kind: 'Backend' | 'Agent' | 'Suggestion', name: string): string =>
  `${idPrefixes[kind]}_${Buffer.from(name).toString('base64url')}`;

/** The name inside a Backend, Agent or Suggestion id. */
export const nameInId = (id: string): string => Buffer.from(id.slice(id.indexOf('_') + 1), 'base64url').toString();
