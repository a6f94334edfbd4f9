import { readFileSync, readdirSync } from 'node:fs';
import { type GraphQLSchema, buildSchema as parseSchema, isAbstractType, isObjectType, isScalarType } from 'graphql';
import type { Resolvers } from './generated.ts';
import { enforce } from './policy.ts';
import { Agent, Backend, BackendHealth } from './resolvers/backend.ts';
import { MemberConnection, MessageConnection, SessionConnection } from './resolvers/connection.ts';
import { Member } from './resolvers/member.ts';
import { Message } from './resolvers/message.ts';
import { Mutation } from './resolvers/mutation.ts';
import { MemberRemoval, SessionAdmission, SessionChange, mutationResults } from './resolvers/mutation-result.ts';
import { Problem } from './resolvers/problem.ts';
import { Node, Query } from './resolvers/query.ts';
import { Rules } from './resolvers/rules.ts';
import { Session } from './resolvers/session.ts';
import { SessionEvent, events } from './resolvers/subscription.ts';
import { Viewer } from './resolvers/viewer.ts';
import { dateTime, jsonObject } from './scalars.ts';

const folder = new URL('../../schema/', import.meta.url);

/** The public contract as text: one file per noun, in the order of their names. */
export const readSchemaText = (): string =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .toSorted()
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');

const resolvers: Resolvers = {
  DateTime: dateTime,
  JSONObject: jsonObject,
  Node,
  Query,
  Mutation,
  Backend,
  Agent,
  BackendHealth,
  Session,
  Rules,
  Member,
  Message,
  SessionConnection,
  MemberConnection,
  MessageConnection,
  Viewer,
  Problem,
  SessionAdmission,
  SessionChange,
  MemberRemoval,
  ...mutationResults,
  SessionEvent,
  ...events,
};

/** What stands behind one type: resolvers by field, `__resolveType`, or a scalar. */
type Behind = Readonly<Record<string, unknown>>;

function attach(schema: GraphQLSchema, name: string, behind: Behind): void {
  const type = schema.getType(name);
  if (isScalarType(type)) {
    const { serialize, parseValue, parseLiteral } = behind as unknown as typeof type;
    Object.assign(type, { serialize, parseValue, parseLiteral });
    return;
  }
  for (const [key, resolve] of Object.entries(behind)) {
    const target = isAbstractType(type) && key === '__resolveType' ? type : isObjectType(type) ? type.getFields()[key] : undefined;
    if (target === undefined) throw new Error(`Expected the schema to have ${name}.${key}, since there is a resolver for it.`);
    Object.assign(target, key === '__resolveType' ? { resolveType: resolve } : { resolve });
  }
}

/**
 * The contract with its resolvers, and the policy around them.
 *
 * @throws Error where a resolver has no field, or a field no rule.
 */
export function buildSchema(): GraphQLSchema {
  // That the text is a valid schema is a test's business, not of every start.
  const schema = parseSchema(readSchemaText(), { assumeValidSDL: true, noLocation: true });
  for (const [name, behind] of Object.entries(resolvers)) attach(schema, name, behind as Behind);
  return enforce(schema);
}
