import { readdir, readFile } from 'node:fs/promises';
import { buildSchema, getOperationAST, getVariableValues, parse, validate, type GraphQLSchema } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { identityQuery, startingTabs } from '../../src/graphiql/tabs.ts';

const schemaFolder = new URL('../../schema/', import.meta.url);
let schema: GraphQLSchema;
beforeAll(async () => {
  const names = (await readdir(schemaFolder)).filter((name) => name.endsWith('.graphql'));
  const parts = await Promise.all(names.map(async (name) => readFile(new URL(name, schemaFolder), 'utf8')));
  schema = buildSchema(parts.join('\n'));
});

const nameOf = (query: string): string => getOperationAST(parse(query))?.name?.value ?? '';

test('the starting tabs tell the story in its order', () => {
  expect(startingTabs.map(({ query }) => nameOf(query))).toEqual([
    'Create',
    'Join',
    'Subscribe',
    'Send',
    'Kick',
    'Look',
    'Backends',
    'Ask',
  ]);
});

describe.each(startingTabs.map((tab) => [nameOf(tab.query), tab] as const))('tab %s', (_name, { query, variables, headers }) => {
  test('says at its top what to do', () => {
    expect(query).toMatch(/^# \d · [A-Z]+\n# \S/);
  });
  test('is valid against the schema', () => {
    expect(validate(schema, parse(query)).map(({ message }) => message)).toEqual([]);
  });
  test('has variables that its operation takes', () => {
    const given = JSON.parse(variables) as Record<string, unknown>;
    const operation = getOperationAST(parse(query));
    const { errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], given);
    expect(errors).toBeUndefined();
    const declared = operation?.variableDefinitions?.map(({ variable }) => variable.name.value);
    expect(declared).toEqual(expect.arrayContaining(Object.keys(given)));
  });
  test('has headers that are a JSON object, or none', () => {
    expect(JSON.parse(headers ?? '{}')).toBeTypeOf('object');
  });
});

test("the query for the token's holder is valid against the schema", () => {
  expect(validate(schema, parse(identityQuery)).map(({ message }) => message)).toEqual([]);
});
