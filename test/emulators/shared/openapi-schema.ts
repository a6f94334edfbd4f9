/** What is used of an OpenAPI document, 3.0 or 3.1. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly servers?: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, OpenApiPath>>;
  readonly components?: Readonly<Record<string, unknown>>;
}

type Schema = Readonly<Record<string, unknown>>;
type Reference = { readonly $ref: string };

export type OpenApiPath = Readonly<Record<string, OpenApiOperation | readonly (OpenApiParameter | Reference)[] | undefined>>;

export interface OpenApiContent {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface OpenApiOperation {
  readonly parameters?: readonly (OpenApiParameter | Reference)[];
  readonly requestBody?: (OpenApiContent & { readonly required?: boolean }) | Reference;
  readonly responses?: Readonly<Record<string, OpenApiContent | Reference>>;
}

export interface OpenApiParameter extends OpenApiContent {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema?: Schema;
}

/** The thing itself, where it is given by reference. */
export function resolve<T extends object>(document: OpenApiDocument, value: T | Reference): T {
  if (!('$ref' in value) || typeof value.$ref !== 'string') return value as T;
  let target: unknown = document;
  for (const key of value.$ref.split('/').slice(1)) {
    target = (target as Record<string, unknown>)[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (typeof target !== 'object' || target === null) throw new Error(`Expected ${value.$ref} to be in the spec.`);
  return resolve(document, target as T);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An OpenAPI schema as JSON Schema: `nullable` and boolean bounds of 3.0, and what only one direction has to have. */
export function toJsonSchema(schema: unknown, direction: 'request' | 'reply'): unknown {
  if (Array.isArray(schema)) return schema.map((each) => toJsonSchema(each, direction));
  if (!isRecord(schema)) return schema;
  const { nullable, ...rest } = schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    // Values and names are no schemas, whatever they look like.
    if (['enum', 'const', 'default', 'required', 'discriminator'].includes(key)) result[key] = value;
    else if (isRecord(value) && ['properties', 'patternProperties', '$defs', 'dependentSchemas', 'schemas'].includes(key)) {
      result[key] = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toJsonSchema(each, direction)]));
    } else result[key] = toJsonSchema(value, direction);
  }
  delete result['discriminator'];
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (result[exclusive] === true) {
      result[exclusive] = result[bound];
      delete result[bound];
    } else if (result[exclusive] === false) delete result[exclusive];
  }
  const { required, properties } = schema;
  if (Array.isArray(required) && isRecord(properties)) {
    const onlyElsewhere = direction === 'request' ? 'readOnly' : 'writeOnly';
    result['required'] = required.filter((name) => {
      const property = properties[String(name)];
      // Generated documents require what has a default, which senders of requests leave to the service.
      return !(isRecord(property) && (property[onlyElsewhere] === true || (direction === 'request' && 'default' in property)));
    });
  }
  return nullable === true ? { anyOf: [result, { type: 'null' }] } : result;
}
