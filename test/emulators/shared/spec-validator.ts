import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type OpenApiContent, type OpenApiDocument, type OpenApiParameter, toJsonSchema } from './openapi-schema.ts';

/** Checks values against the schemas of an OpenAPI document. Answers with what is wrong with them. */
export interface SpecValidator {
  parameter(parameter: OpenApiParameter, given: readonly string[]): readonly string[];
  body(content: OpenApiContent, body: unknown, direction: 'request' | 'reply'): readonly string[];
}

export function createSpecValidator(document: OpenApiDocument): SpecValidator {
  const compiled = new Map<unknown, ValidateFunction>();
  const make = (direction: 'request' | 'reply', coerce: boolean): ((schema: unknown) => ValidateFunction) => {
    const Implementation = document.openapi.startsWith('3.0') ? Ajv : Ajv2020;
    const ajv = new Implementation({ strict: false, allErrors: true, logger: false, coerceTypes: coerce ? 'array' : false });
    formats.default(ajv);
    const prefix = `${direction}:spec`;
    const converted = (schema: unknown): unknown =>
      JSON.parse(JSON.stringify(toJsonSchema(schema, direction)).replaceAll('"$ref":"#/', `"$ref":"${prefix}#/`));
    ajv.addSchema({ $id: prefix, components: converted(document.components ?? {}) as object }, prefix);
    return (schema) => ajv.compile(converted(schema) as object);
  };
  const compilers = { request: make('request', false), reply: make('reply', false), text: make('request', true) };
  const errorsOf = (schema: unknown, kind: keyof typeof compilers, value: unknown): readonly string[] => {
    let check = compiled.get(schema);
    if (check === undefined) compiled.set(schema, (check = compilers[kind](schema)));
    check(value);
    return (check.errors ?? []).map(({ instancePath, message = 'is not valid' }) => `${instancePath} ${message}`.trim());
  };
  const schemaOf = ({ content = {} }: OpenApiContent): unknown =>
    (content['application/json'] ?? Object.entries(content).find(([type]) => type.includes('json'))?.[1])?.schema;
  return {
    parameter(parameter, given) {
      const encoded = schemaOf(parameter);
      if (encoded !== undefined) {
        try {
          return errorsOf(encoded, 'request', JSON.parse(given.join(',')));
        } catch {
          return ['must be JSON'];
        }
      }
      if (parameter.schema === undefined) return [];
      // Within an object, so that the text can be taken for what the schema asks for.
      const value = given.length === 1 ? given[0] : given;
      return errorsOf(within(parameter.schema), 'text', { value }).map((text) => text.replace(/^\/value ?/, ''));
    },
    body(content, body, direction) {
      const schema = schemaOf(content);
      return schema === undefined ? [] : errorsOf(schema, direction, body);
    },
  };
}

const wrapped = new WeakMap<object, object>();

function within(schema: object): object {
  const known = wrapped.get(schema) ?? { type: 'object', properties: { value: schema } };
  wrapped.set(schema, known);
  return known;
}
