import type { HttpReply } from '../shared/http-message.ts';
import { problemDetailsShape } from './wire.ts';

/** A 4xx of the service, with what may be passed on of it. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** The service's own words, in one line of at most 200 characters; null = it has none. */
  readonly text: string | null;
  /** The fields at fault, in lower case without dots and dollar signs, where it names them: `rulesusercapacity`. */
  readonly fields: readonly string[];
  /** Whether the bearer is what was not accepted, by the header that ASP.NET adds then. */
  readonly challenged: boolean;
}

export function refusalOf({ status, headers, json, text }: HttpReply): Refusal {
  const details = problemDetailsShape.safeParse(json).data;
  const plain = json === null && /^text\/plain/i.test(headers['content-type'] ?? '') ? text : null;
  const messages = Object.values(details?.errors ?? {}).flatMap((each) => (Array.isArray(each) ? each : [each]));
  const words = [details?.title, details?.detail, ...messages, plain, typeof json === 'string' ? json : null];
  const said = words.filter((each) => typeof each === 'string' && each.trim() !== '').join(': ');
  return {
    kind: 'refusal',
    status,
    text: shortened(said),
    fields: Object.keys(details?.errors ?? {}).map((field) => field.toLowerCase().replaceAll(/[^a-z]/g, '')),
    challenged: /\bbearer\b/i.test(headers['www-authenticate'] ?? ''),
  };
}

const maxLength = 200;

function shortened(said: string): string | null {
  const text = said.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  if (text === '') return null;
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).toWellFormed()}…` : text;
}

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && (value as Partial<Refusal>).kind === 'refusal';
