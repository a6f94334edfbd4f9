import { getIntrospectionQuery, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createWorld } from './world.ts';

const nested = (levels: number): string =>
  `{ session(id: "ses_0") { messages(first: 1) { nodes { ${'inReplyTo { '.repeat(levels - 4)}id${' }'.repeat(levels - 4)} } } } }`;

const refusal = async (source: string, variables = {}, world = createWorld()): Promise<unknown> => {
  const { data, errors } = await world.ask(source, variables);
  return data === undefined ? errors?.[0] : null;
};

const tooComplex = (name: string, max: number, value: number): object => ({
  message: expect.stringMatching(new RegExp(`\\(${name}\\), got ${value}\\.$`)),
  extensions: { code: 'OPERATION_TOO_COMPLEX', limit: { name, max, value } },
});

describe('depth', () => {
  it('is bounded', async () => {
    expect(await refusal(nested(12))).toBeNull();
    expect(await refusal(nested(13))).toMatchObject(tooComplex('maxDepth', 12, 13));
  });

  it('counts through fragments', async () => {
    const source = `query { session(id: "ses_0") { ...A } } fragment A on Session { messages { ...B } } fragment B on MessageConnection { nodes { ...C } }
      fragment C on Message { session { ... on Session { backend { name } } } }`;
    expect(await refusal(source, {}, createWorld({ limits: { maxDepth: 5 } }))).toMatchObject(tooComplex('maxDepth', 5, 6));
    expect(await refusal(source, {}, createWorld({ limits: { maxDepth: 6 } }))).toBeNull();
  });
});

describe('aliases', () => {
  const aliased = (count: number): string => `{ ${Array.from({ length: count }, (_, index) => `a${index}: viewer { kind }`).join(' ')} }`;

  it('are bounded', async () => {
    expect(await refusal(aliased(30))).toBeNull();
    expect(await refusal(aliased(31))).toMatchObject(tooComplex('maxAliases', 30, 31));
  });

  it('count wherever a fragment puts them', async () => {
    const source = `{ a: viewer { ...F } b: viewer { ...F } } fragment F on Viewer { ${Array.from({ length: 15 }, (_, index) => `k${index}: kind`).join(' ')} }`;
    expect(await refusal(source)).toMatchObject(tooComplex('maxAliases', 30, 32));
  });
});

describe('cost', () => {
  const page = 'query ($n: Int) { sessions(first: $n) { nodes { members(first: $n) { nodes { name } } } } }';

  it('multiplies pages', async () => {
    // sessions + 100 x (nodes + members + 100 x nodes)
    const source = '{ sessions(first: 100) { nodes { members(first: 100) { nodes { name } } } } }';
    expect(await refusal(source)).toMatchObject(tooComplex('maxCost', 10_000, 10_201));
    expect(await refusal(source.replace('first: 100) { nodes { members', 'first: 98) { nodes { members'))).toBeNull();
  });

  it('goes by the values of variables, once they are known', async () => {
    const world = createWorld();
    for (let round = 0; round < 3; round++) {
      expect(await refusal(page, { n: 98 }, world)).toBeNull();
      expect(await refusal(page, { n: 100 }, world)).toMatchObject(tooComplex('maxCost', 10_000, 10_201));
      expect(await refusal(page, {}, world)).toBeNull();
    }
  });

  it('leaves it to the field to refuse a page that is no page', async () => {
    const world = createWorld();
    const { errors } = await world.ask('query ($n: Int) { sessions(first: $n) { totalCount } }', { n: 1_000_000 });
    expect(errors).toMatchObject([{ message: 'Expected `first` to be from 0 to 100, got 1000000.', extensions: { code: 'BAD_INPUT' } }]);
  });

  it('counts mutations, ids and the default page', async () => {
    const small = createWorld({ limits: { maxCost: 20 } });
    expect(await refusal('{ sessions { nodes { id } } }', {}, small)).toMatchObject(tooComplex('maxCost', 20, 21));
    expect(
      await refusal(
        'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Session { me { id } } } }',
        { ids: Array.from({ length: 20 }, () => 'ses_0') },
        small,
      ),
    ).toMatchObject(tooComplex('maxCost', 20, 21));
    expect(
      await refusal('mutation { a: leaveSession(input: {}) { __typename } b: leaveSession(input: {}) { __typename } }', {}, small),
    ).toMatchObject(tooComplex('maxCost', 20, 22));
  });
});

describe('fragments that spread fragments', () => {
  it('are measured in time linear in the text', async () => {
    const levels = 60;
    const fragments = Array.from(
      { length: levels },
      (_, index) => `fragment F${index} on Message { a: inReplyTo { ...F${index + 1} } b: inReplyTo { ...F${index + 1} } }`,
    );
    const source = `{ node(id: "msg_0") { ...F0 } } ${fragments.join('\n')} fragment F${levels} on Message { id }`;
    // 2 to the 60th fields: a walk along every spread would not come back.
    expect(await refusal(source)).toMatchObject({
      extensions: { code: 'OPERATION_TOO_COMPLEX', limit: { name: 'maxDepth', value: levels + 2 } },
    });
    const { errors } = await createWorld({ limits: { maxDepth: 100 } }).ask(source);
    expect(errors?.map(({ extensions }) => extensions?.['limit'])).toMatchObject([
      { name: 'maxAliases' },
      { name: 'maxCost', value: Number.MAX_SAFE_INTEGER },
    ]);
  });

  it('in a circle are refused as such', async () => {
    const source =
      '{ node(id: "msg_0") { ...A } } fragment A on Message { inReplyTo { ...B } } fragment B on Message { inReplyTo { ...A } }';
    expect(await refusal(source)).toMatchObject({
      message: expect.stringContaining('Cannot spread fragment'),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });
});

describe('introspection', () => {
  it("lets GraphiQL's query pass", async () => {
    const source = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect(await refusal(source)).toBeNull();
  });

  it('is bounded in depth, in lists within lists, and in number', async () => {
    const types = `{ __schema { types { ${'fields { type { '.repeat(3)}name${' } }'.repeat(3)} } } }`;
    expect(await refusal(types)).toMatchObject({
      message: 'Maximum introspection depth exceeded',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    const deep = `{ __type(name: "Query") { ${'ofType { '.repeat(30)}name${' }'.repeat(30)} } }`;
    expect(await refusal(deep)).toMatchObject({ extensions: { code: 'OPERATION_TOO_COMPLEX', limit: { name: 'maxDepth', value: 31 } } });
    const often = `{ ${Array.from({ length: 11 }, (_, index) => `a${index}: __schema { description }`).join(' ')} }`;
    expect(await refusal(often)).toMatchObject(tooComplex('maxCost', 10_000, 11_000));
  });

  it('can be off, and then nothing suggests names either', async () => {
    const world = createWorld({ introspection: false });
    expect(await refusal('{ __schema { description } }', {}, world)).toMatchObject({
      message: expect.stringContaining('introspection has been disabled'),
    });
    expect(await refusal('{ viewr { kind } }', {}, world)).toMatchObject({ message: 'Cannot query field "viewr" on type "Query".' });
  });
});

describe('the text', () => {
  it('has a bounded number of tokens', async () => {
    expect(await refusal(`{ viewer { ${'kind '.repeat(2_100)} } }`)).toMatchObject({
      message: expect.stringContaining('2000 tokens'),
      extensions: { code: 'GRAPHQL_PARSE_FAILED' },
    });
  });
});

describe('the same rules', () => {
  it('serve servers that validate by themselves', () => {
    const { engine } = createWorld();
    const errors = validate(engine.schema, parse(nested(13), engine.parseOptions), [...specifiedRules, ...engine.validationRules]);
    expect(errors.map((error) => engine.formatError(error).extensions?.['code'])).toEqual(['OPERATION_TOO_COMPLEX']);
  });
});
