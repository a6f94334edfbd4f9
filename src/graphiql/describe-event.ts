import { textAt, valueAt } from './json.ts';

/** A subscription's result in a line. */
export interface EventDescription {
  readonly title: string;
  readonly summary: string;
  readonly failed: boolean;
}

const numberAt = (json: unknown, key: string, unit: string): string | null => {
  const value = valueAt(json, key);
  return typeof value === 'number' ? `${value} ${unit}` : null;
};

/** What a person wants to read first of an event; the whole of it is one click away. */
function summarize(event: unknown): string {
  const content = textAt(event, 'message', 'content');
  if (content !== null) {
    // Nobody in the session: the backend's own agent, or a system.
    const author = textAt(event, 'message', 'author', 'name') ?? textAt(event, 'message', 'role');
    return `${author ?? 'Somebody'}: ${content}`;
  }
  const by = textAt(event, 'by', 'name');
  const changed = valueAt(event, 'changed');
  const parts = [
    textAt(event, 'member', 'name'),
    by === null ? null : `by ${by}`,
    textAt(event, 'reason'),
    Array.isArray(changed) ? changed.join(', ') : null,
    textAt(event, 'text'),
    textAt(event, 'expiresAt'),
    numberAt(event, 'secondsLeft', 'seconds left'),
    valueAt(event, 'recovered') === false ? 'not recovered: read the session again' : null,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** @param result an execution result as received, of any subscription */
export function describeEvent(result: unknown): EventDescription {
  const errors = valueAt(result, 'errors');
  if (Array.isArray(errors) && errors.length > 0) {
    return { title: textAt(errors[0], 'extensions', 'code') ?? 'Error', summary: textAt(errors[0], 'message') ?? '', failed: true };
  }
  const data = valueAt(result, 'data');
  const [field, event] = typeof data === 'object' && data !== null ? (Object.entries(data)[0] ?? ['Event', null]) : ['Event', null];
  return { title: textAt(event, '__typename') ?? field, summary: summarize(event), failed: false };
}
