import { createHash } from 'node:crypto';
import type { Attachment, MessageRole } from '../../core/message.ts';
import type { Outgoing, ServiceMessage } from '../../core/service.ts';
import { shownName } from './mapping.ts';
import { type RecordWire, recordOf } from './wire.ts';

// A message is a free object to the service, which hands it on as it is. What others put in theirs is a matter of custom.
const ids = ['id', 'messageId', 'message_id', 'msgId'];
const texts = ['content', 'text', 'body', 'message'];
const names = 'name author sender from user userName username user_name member participant displayName'.split(' ');
const times = ['createdAt', 'created_at', 'createTime', 'create_time', 'timestamp', 'time', 'sentAt', 'sent_at'];

/** A channel's number where it is one: the service numbers them. */
export const channelOf = (channel: string): number | string => (/^(0|[1-9]\d{0,8})$/.test(channel) ? Number(channel) : channel);

/**
 * The object that is published. It carries the mark twice: as its id, by which other clients tell messages apart, and beside it, should
 * the service put in an id of its own. And the author: the documentation does not say that the stream names one.
 */
export function toMessage(outgoing: Outgoing, author: string, now: number): RecordWire {
  const { mark, role, content, channel, metadata, attachments } = outgoing;
  return {
    id: mark,
    mark,
    name: author,
    role,
    content,
    ...(channel !== null && { channel: channelOf(channel) }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(attachments.length > 0 && { attachments }),
    createdAt: new Date(now).toISOString(),
  };
}

const maxDepth = 64;

/** The value with its keys in order, without a session's secret wherever it is, and without what is nested deeper than anybody means. */
export function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === maxDepth) return null;
  if (Array.isArray(value)) return value.map((each) => cleaned(each, depth + 1));
  const kept = Object.entries(value).filter(([key]) => key.toLowerCase().replaceAll('_', '') !== 'secretkey');
  return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, each]) => [key, cleaned(each, depth + 1)]));
}

function firstText(record: RecordWire, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = record[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** Who is named: plainly, or as an object with a name. */
export function nameIn(record: RecordWire): string | null {
  for (const key of names) {
    const value = record[key];
    const name = typeof value === 'string' ? value : firstText(recordOf(value) ?? {}, names);
    if (name) return name;
  }
  return null;
}

function idIn(record: RecordWire): string | null {
  const id = ids.map((key) => record[key]).find((value) => typeof value === 'number' || (typeof value === 'string' && value !== ''));
  const text = typeof id === 'number' ? String(id) : id;
  return typeof text === 'string' && text.length <= 512 ? text : null;
}

function timeIn(record: RecordWire): number | null {
  const value = times.map((key) => record[key]).find((each) => typeof each === 'string' || typeof each === 'number');
  // Seconds, where as milliseconds they would be of the first months of 1970.
  const at = typeof value === 'number' ? value * (value < 100_000_000_000 ? 1_000 : 1) : Date.parse(value ?? '');
  return at >= 0 && at <= 8_640_000_000_000_000 ? Math.trunc(at) : null;
}

const isRole = (value: string): value is MessageRole => ['USER', 'ASSISTANT', 'SYSTEM', 'TOOL'].includes(value);

function attachmentsIn({ attachments }: RecordWire): readonly Attachment[] {
  if (!Array.isArray(attachments)) return [];
  return attachments.map(recordOf).flatMap((each): Attachment[] => {
    const url = each?.['url'];
    // As for those that come from clients: schemes that a browser may follow without harm.
    if (each === null || typeof url !== 'string' || !/^(https?|ipfs):/i.test(url) || !URL.canParse(url)) return [];
    const size = each['sizeBytes'];
    return [
      {
        url,
        mediaType: firstText(each, ['mediaType']),
        name: firstText(each, ['name']),
        sizeBytes: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null,
      },
    ];
  });
}

/**
 * The message of an event, `cleaned`; null where the event carries none. What names no id gets one from all that the event says; where
 * that is no time either, from the minute in which it is heard, so that the same words can be said again, and still be one message to all
 * who hear them.
 *
 * @param heardAt - Epoch milliseconds.
 */
export function fromMessage(event: RecordWire, heardAt: number): ServiceMessage | null {
  const outer = recordOf(event['message']);
  if (outer === null) return null;
  // Published requests are handed on whole by some: `{ name, message: { … } }`.
  const message = recordOf(outer['message']) ?? outer;
  const said = message === outer ? [message, event] : [message, outer, event];
  const name = said.map(nameIn).find((each) => each !== null) ?? null;
  const createdAt = said.map(timeIn).find((each) => each !== null) ?? null;
  const moment = createdAt ?? Math.floor(heardAt / 60_000);
  const hash = (): string =>
    `content:${createHash('sha256')
      .update(JSON.stringify([event, moment]))
      .digest('base64url')}`;
  const id = said.map(idIn).find((each) => each !== null) ?? hash();
  const role = typeof message['role'] === 'string' ? message['role'].toUpperCase() : '';
  const channel = message['channel'] ?? event['channel'];
  return {
    id,
    role: isRole(role) ? role : 'USER',
    content: firstText(message, texts) ?? JSON.stringify(message),
    author: { id: name, name: name === null ? null : shownName(name) },
    channel: typeof channel === 'number' || (typeof channel === 'string' && channel !== '') ? String(channel) : null,
    attachments: attachmentsIn(message),
    metadata: recordOf(message['metadata']) ?? {},
    createdAt: createdAt ?? heardAt,
    mark: typeof message['mark'] === 'string' ? message['mark'] : id,
  };
}
