import type { ServiceMember, ServiceMessage } from '../../core/service.ts';
import { shownName } from './mapping.ts';
import { cleaned, fromMessage, nameIn } from './message.ts';
import { type RecordWire, recordOf } from './wire.ts';

/** What an event of the stream comes to. */
export type Heard =
  | { readonly kind: 'message'; readonly message: ServiceMessage }
  | { readonly kind: 'joined'; readonly member: ServiceMember }
  | { readonly kind: 'left'; readonly id: string }
  | { readonly kind: 'ended' }
  /** Something happened that is best read anew. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'nothing' };

type Meaning = 'MESSAGE' | 'JOINED' | 'LEFT' | 'ENDED' | 'NOTHING';

/**
 * What events are called, in lower-case letters alone, without the words that they may be dressed in. The
 * service documents none of its names, only that messages, joining and leaving are told. What is not here has the session read anew.
 */
const meanings: Readonly<Record<string, Meaning>> = {
  '': 'MESSAGE',
  message: 'MESSAGE',
  messages: 'MESSAGE',
  newmessage: 'MESSAGE',
  messagenew: 'MESSAGE',
  messageadded: 'MESSAGE',
  messagecreated: 'MESSAGE',
  messagepublished: 'MESSAGE',
  messagereceived: 'MESSAGE',
  messagesent: 'MESSAGE',
  publish: 'MESSAGE',
  published: 'MESSAGE',
  publishmessage: 'MESSAGE',
  chat: 'MESSAGE',
  chatmessage: 'MESSAGE',
  join: 'JOINED',
  joined: 'JOINED',
  leave: 'LEFT',
  left: 'LEFT',
  kick: 'LEFT',
  kicked: 'LEFT',
  removed: 'LEFT',
  end: 'ENDED',
  ended: 'ENDED',
  delete: 'ENDED',
  deleted: 'ENDED',
  closed: 'ENDED',
  terminated: 'ENDED',
  ping: 'NOTHING',
  heartbeat: 'NOTHING',
  keepalive: 'NOTHING',
};

const letters = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '');

function meaningOf(name: unknown): Meaning | null {
  if (name === undefined || name === null) return 'MESSAGE';
  if (typeof name !== 'string') return null;
  const bare = letters(name).replaceAll(/event|type/g, '');
  const key = bare.replaceAll(/session|conversation|room|user|member|participant/g, '');
  const meaning = Object.hasOwn(meanings, key) ? (meanings[key] ?? null) : null;
  // `closed` alone may be the stream, and `session_user_deleted` is not the end of the session.
  if (meaning === 'ENDED')
    return ['session', 'conversation', 'room'].some((word) => bare.replace(word, '') === key && bare !== key) ? meaning : null;
  return key === '' && name !== '' ? null : meaning;
}

/** Reads an event, whatever it is. @param heardAt - Epoch milliseconds. */
export function hear(raw: RecordWire, heardAt: number): Heard {
  const event = cleaned(raw) as RecordWire;
  const meaning = meaningOf(event['event']);
  switch (meaning) {
    case null:
      return { kind: 'changed' };
    case 'NOTHING':
    case 'ENDED':
      return { kind: meaning === 'ENDED' ? 'ended' : 'nothing' };
    case 'MESSAGE': {
      const message = fromMessage(event, heardAt);
      return message === null ? { kind: 'changed' } : { kind: 'message', message };
    }
    case 'JOINED':
    case 'LEFT': {
      const { message } = event;
      const name = typeof message === 'string' && message !== '' ? message : (nameIn(recordOf(message) ?? {}) ?? nameIn(event));
      if (name === null) return { kind: 'changed' };
      if (meaning === 'LEFT') return { kind: 'left', id: name };
      return { kind: 'joined', member: { id: name, name: shownName(name), address: null, role: 'MEMBER' } };
    }
  }
}
