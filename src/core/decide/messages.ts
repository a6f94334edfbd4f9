import { type Check, bytes, entries, firstOf, integer, object, text, url } from '../checks.ts';
import type { MessageId } from '../ids.ts';
import { type SessionLimits, attachmentsPerMessage, maxFileMegabytes, textLimits } from '../limits.ts';
import { type Message, filesOf } from '../message.ts';
import { problem } from '../problem.ts';
import { type AttachmentInput, type SendInput, isHost } from '../use-cases.ts';
import { type Decision, type State, change, refuseNonHost, refuseOver, touchOf } from './state.ts';

const megabyte = 1_000_000;

/** Whether every field of the input keeps its rule. */
export const checkSend = (input: SendInput, limits: SessionLimits): Check =>
  firstOf(
    bytes(['content'], input.content, limits.contentBytes),
    text(['channel'], input.channel, textLimits.channel),
    object(['metadata'], input.metadata, limits.objectBytes, limits.objectDepth),
    object(['options'], input.options, limits.objectBytes, limits.objectDepth),
    text(['idempotencyKey'], input.idempotencyKey, textLimits.idempotencyKey),
    entries(['attachments'], input.attachments, attachmentsPerMessage, (attachment, path) =>
      firstOf(
        url([...path, 'url'], attachment.url, textLimits.url),
        text([...path, 'mediaType'], attachment.mediaType, textLimits.mediaType),
        text([...path, 'name'], attachment.name, textLimits.name),
        integer([...path, 'sizeBytes'], attachment.sizeBytes, 0, maxFileMegabytes * megabyte),
      ),
    ),
  );

function checkFiles({ session }: State, attachments: readonly AttachmentInput[]): Check {
  const { maxFiles, maxTotalMegabytes } = session.rules;
  // A rule may have been tightened below what is there: that is no reason to refuse words.
  if (attachments.length === 0) return null;
  if (maxFiles !== null && session.files + attachments.length > maxFiles) {
    return problem(
      'TOO_LARGE',
      `Session ${session.id} takes ${maxFiles} files in all: it has ${session.files}, and ${attachments.length} more came.`,
      { path: ['attachments'] },
    );
  }
  const unsized = attachments.findIndex((attachment) => typeof attachment.sizeBytes !== 'number');
  if (maxTotalMegabytes !== null && unsized >= 0) {
    return problem(
      'BAD_INPUT',
      `Expected \`attachments.${unsized}.sizeBytes\` to be given, since the session bounds the megabytes of its files.`,
      {
        path: ['attachments', String(unsized), 'sizeBytes'],
      },
    );
  }
  const megabytes = maxTotalMegabytes ?? maxFileMegabytes;
  const total = session.fileBytes + filesOf(attachments).fileBytes;
  if (total <= megabytes * megabyte) return null;
  return problem(
    'TOO_LARGE',
    `Session ${session.id} takes ${megabytes} megabytes of files in all; with these it would have ${total / megabyte}.`,
    {
      path: ['attachments'],
    },
  );
}

/** What a message needs besides its input. */
export interface Sending {
  readonly messageId: MessageId;
  /** The message that `input.inReplyTo` names, null where there is none by that id. */
  readonly inReplyTo: Message | null;
}

/** A member's message, the input of which `checkSend` found good. */
export function decideSend(state: State, input: SendInput, sending: Sending): Decision {
  const { session, standing, now } = state;
  const attachments = input.attachments ?? [];
  const role = input.role ?? 'USER';
  const over = refuseOver(state);
  if (over !== null) return over;
  if (standing.member === null) return problem('NOT_A_MEMBER', `The caller is not a member of session ${session.id}: join it first.`);
  if (role !== 'USER' && !isHost(standing) && !(role === 'ASSISTANT' && standing.member.role === 'AGENT')) {
    return problem('FORBIDDEN', `Only a HOST may send as ${role}; the caller is ${standing.member.role}.`, { path: ['role'] });
  }
  const refused = checkFiles(state, attachments);
  if (refused !== null) return refused;
  if (typeof input.inReplyTo === 'string' && sending.inReplyTo?.sessionId !== session.id) {
    return problem('NOT_FOUND', `Session ${session.id} has no message ${input.inReplyTo}.`, { path: ['inReplyTo'] });
  }
  return change(state, {
    // Messages commute, but for files: they are counted against bounds.
    exclusive: attachments.length > 0,
    touch: touchOf(state),
    add: filesOf(attachments),
    messages: [
      {
        id: sending.messageId,
        sessionId: session.id,
        authorId: standing.member.id,
        role,
        content: input.content,
        channel: input.channel ?? null,
        attachments: attachments.map(({ url: address, mediaType = null, name = null, sizeBytes = null }) => ({
          url: address,
          mediaType,
          name,
          sizeBytes,
        })),
        metadata: input.metadata ?? {},
        options: { ...session.defaults, ...input.options },
        inReplyTo: sending.inReplyTo?.id ?? null,
        createdAt: now,
      },
    ],
    events: [{ type: 'MESSAGE_ADDED', messageId: sending.messageId }],
  });
}

/** A host's clearing of the history. Members keep their place, the timeline its numbers. */
export function decideClear(state: State): Decision {
  const refused = firstOf(refuseOver(state), refuseNonHost(state, 'clear the messages'));
  if (refused !== null) return refused;
  const { session, now } = state;
  const set = { updatedAt: now, ...(session.upstream !== null && { upstream: { ...session.upstream, clearedAt: now } }) };
  return change(state, { set, clearMessages: true, events: [{ type: 'MESSAGES_CLEARED' }] });
}
