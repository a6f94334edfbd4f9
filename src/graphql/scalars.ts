import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { shown } from '../core/checks.ts';
import type { JsonObject } from '../core/session.ts';

const notAnInput = (): never => {
  throw new GraphQLError('DateTime only comes out: inputs give times in seconds.');
};

const dayMs = 86_400_000;
const maxDays = 1_000;
const days = new Map<number, string>();

function dayOf(day: number): string {
  const known = days.get(day);
  if (known !== undefined) return known;
  const text = new Date(day * dayMs).toISOString();
  // Bounded: clients can choose the days, of expiries, but not how many are kept.
  if (days.size >= maxDays) days.clear();
  const date = text.slice(0, text.indexOf('T') + 1);
  days.set(day, date);
  return date;
}

const two = Array.from({ length: 60 }, (_, value) => `${value}`.padStart(2, '0'));

// With members that each come with an instant, Date.toISOString takes more of a query than anything else in it.
function iso(instant: number): string {
  const day = Math.floor(instant / dayMs);
  const ms = Math.floor(instant - day * dayMs);
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${dayOf(day)}${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${`${ms % 1_000}`.padStart(3, '0')}Z`;
}

/** Epoch milliseconds inside, RFC 3339 in UTC with milliseconds outside. */
export const dateTime: GraphQLScalarType<never, string> = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return iso(value);
    throw new GraphQLError(`Expected an instant in epoch milliseconds, got ${shown(value)}.`);
  },
  parseValue: notAnInput,
  parseLiteral: notAnInput,
});

function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  const got = Array.isArray(value) ? 'a list' : shown(value);
  throw new GraphQLError(`Expected a JSON object, got ${got}.`);
}

/** A JSON object. What it may hold is for the core to say. */
export const jsonObject: GraphQLScalarType<JsonObject, JsonObject> = new GraphQLScalarType({
  name: 'JSONObject',
  serialize: asObject,
  parseValue: asObject,
  parseLiteral: (node: ValueNode, variables) => {
    if (node.kind !== Kind.OBJECT) throw new GraphQLError('Expected a JSON object.', { nodes: node });
    return asObject(valueFromASTUntyped(node, variables));
  },
});
