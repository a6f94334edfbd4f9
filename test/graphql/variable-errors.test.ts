import { GraphQLError, Kind, buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { coerceVariables } from '../../src/graphql/variable-errors.ts';

const schema = buildSchema(`
  enum Status { ACTIVE ENDED }
  input Rules { password: String, maxMembers: Int }
  input Join { sessionId: ID!, password: String, rules: Rules, status: [Status!] }
  type Query { join(input: Join, password: String): Int }
`);

function coerced(declarations: string, variables: object, hideSuggestions = false): readonly string[] {
  const [operation] = parse(`query (${declarations}) { __typename }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('Expected an operation');
  const answer = coerceVariables(schema, operation.variableDefinitions ?? [], { ...variables }, { hideSuggestions });
  if (!Array.isArray(answer)) throw new Error('Expected errors');
  return answer.map((error) => {
    expect(error).toBeInstanceOf(GraphQLError);
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    return error.message;
  });
}

test.each([
  [
    { sessionId: 'x', password: 'hunter2', pasword: 'hunter2' },
    'Variable "$input" got invalid value; Field "pasword" is not defined by type "Join". Did you mean "password"?',
  ],
  [
    { sessionId: 'x', rules: { password: 'hunter2', maxMember: 3 } },
    'Variable "$input" got invalid value at "input.rules"; Field "maxMember" is not defined by type "Rules". Did you mean "maxMembers"?',
  ],
  [{ password: 'hunter2' }, 'Variable "$input" got invalid value; Field "sessionId" of required type "ID!" was not provided.'],
  [
    { sessionId: 'x', rules: { password: 4711 } },
    'Variable "$input" got invalid value at "input.rules.password"; String cannot represent a non string value',
  ],
  [
    { sessionId: 'x', password: { of: 'hunter2' } },
    'Variable "$input" got invalid value at "input.password"; String cannot represent a non string value',
  ],
  [
    { sessionId: 'x', rules: { maxMembers: 'ten; at "y"' } },
    'Variable "$input" got invalid value "ten; at \\"y\\"" at "input.rules.maxMembers"; Int cannot represent non-integer value: "ten; at \\"y\\""',
  ],
])('names the place and the rule, and quotes no password: %j', (input, message) => {
  expect(coerced('$input: Join', { input })).toEqual([message]);
});

test('nor one that is a variable by itself', () => {
  expect(coerced('$password: String', { password: 4711 })).toEqual([
    'Variable "$password" got invalid value; String cannot represent a non string value',
  ]);
});

test('suggests nothing where the schema is nobody’s business', () => {
  expect(coerced('$input: Join', { input: { sessionId: 'x', statu: [] } }, true)).toEqual([
    'Variable "$input" got invalid value; Field "statu" is not defined by type "Join".',
  ]);
  expect(coerced('$input: Join', { input: { sessionId: 'x', status: ['ACTIV'] } }, true)).toEqual([
    'Variable "$input" got invalid value "ACTIV" at "input.status[0]"; Value "ACTIV" does not exist in "Status" enum.',
  ]);
});
