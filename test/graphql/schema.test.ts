import {
  type GraphQLNamedType,
  buildSchema as parseSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { features } from '../../src/core/backend.ts';
import { problemTable } from '../../src/core/problem.ts';
import { tiers } from '../../src/core/viewer.ts';
import { buildSchema, readSchemaText } from '../../src/graphql/schema.ts';

const schema = parseSchema(readSchemaText());
const types: readonly GraphQLNamedType[] = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
);

/** Everything that GraphiQL shows, by its path. */
function elements(type: GraphQLNamedType): readonly (readonly [string, string | null | undefined])[] {
  const own = [[type.name, type.description] as const];
  if (isEnumType(type)) return [...own, ...type.getValues().map((value) => [`${type.name}.${value.name}`, value.description] as const)];
  if (isInputObjectType(type)) {
    return [...own, ...Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, field.description] as const)];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return own;
  const fields = Object.values(type.getFields());
  return [
    ...own,
    ...fields.map((field) => [`${type.name}.${field.name}`, field.description] as const),
    ...fields.flatMap(({ name, args }) =>
      args.map((argument) => [`${type.name}.${name}(${argument.name})`, argument.description] as const),
    ),
  ];
}

const valuesOf = (name: string): readonly string[] => {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
};

describe('the contract', () => {
  it('is a valid schema, also with its resolvers', () => {
    expect(validateSchema(schema)).toEqual([]);
    expect(validateSchema(buildSchema())).toEqual([]);
  });

  it('describes every type, field, argument, input field and enum value', () => {
    const all = types.flatMap(elements);
    expect(all.length).toBeGreaterThan(350);
    expect(all.filter(([, description]) => (description?.trim().length ?? 0) < 6).map(([path]) => path)).toEqual([]);
  });

  it('has the codes, features and tiers of the core', () => {
    expect(valuesOf('ProblemCode').toSorted()).toEqual(Object.keys(problemTable).toSorted());
    expect(valuesOf('Feature')).toEqual([...features]);
    expect(valuesOf('Tier')).toEqual([...tiers]);
  });

  it('gives every mutation one input and a union of its success with Problem, whose codes it names', () => {
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    expect(mutations).toHaveLength(14);
    for (const { name, type, args, description } of mutations) {
      const noun = name.charAt(0).toUpperCase() + name.slice(1);
      expect(args.map((argument) => `${argument.name}: ${String(argument.type)}`)).toEqual([`input: ${noun}Input!`]);
      expect(String(type)).toBe(`${noun}Result!`);
      const union = schema.getType(`${noun}Result`);
      expect(isUnionType(union) && union.getTypes().map((member) => member.name)[1]).toBe('Problem');
      const codes = /Problems: (?<codes>[\s\S]*)$/.exec(description ?? '')?.groups?.['codes']?.match(/\b[A-Z]+(?:_[A-Z]+)*\b/g) ?? [];
      const words = new Set(['API', 'HOST', 'PATCH', 'PUT', 'WALLET', 'USER']);
      expect(codes.filter((code) => !words.has(code) && !(code in problemTable))).toEqual([]);
      expect(codes).toContain('BAD_INPUT');
    }
  });

  it('shows every event by an object type of the same name', () => {
    const shown = schema.getPossibleTypes(schema.getType('SessionEvent') as never).map(({ name }) => name);
    const named = valuesOf('SessionEventType').map((value) =>
      value.toLowerCase().replace(/(?:^|_)(?<letter>\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
    expect([...shown].toSorted()).toEqual(named.toSorted());
  });
});
