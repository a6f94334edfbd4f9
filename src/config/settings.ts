import { z } from 'zod';
import type { Environment } from './config.ts';
import { configSchema } from './schema.ts';

/** One setting as the schema knows it. */
export interface Setting {
  /** Dotted: `server.port`. `<name>` stands for any name: `backends.<name>.kind`. */
  readonly path: string;
  /** Completes "Expected `x` to be …": type and bounds in words. */
  readonly rule: string;
  /** Empty for a group of settings. */
  readonly description: string;
  /** Undefined: there is none, or it follows from other settings (`defaultText`). */
  readonly default: unknown;
  readonly defaultText: string | null;
  /** True where values are never printed. */
  readonly secret: boolean;
  /** True where it only holds other settings. */
  readonly group: boolean;
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly default: unknown;
}

/** Takes the wrappers (default, optional, nullable) off a schema, and gathers what they say. */
function unwrap(schema: z.core.$ZodType): Unwrapped {
  const meta = z.globalRegistry.get(schema) ?? {};
  const isWrapper =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  if (!isWrapper) return { schema, meta, default: undefined };
  const inner = unwrap(schema.def.innerType);
  // What the outer layer says wins: its is the rule with "null or" in it.
  return {
    schema: inner.schema,
    meta: { ...inner.meta, ...meta },
    default: schema instanceof z.ZodDefault ? schema.def.defaultValue : inner.default,
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function childrenOf(schema: z.core.$ZodType): readonly (readonly [string, z.core.$ZodType])[] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.def.shape);
  return schema instanceof z.ZodRecord ? [['<name>', schema.def.valueType]] : [];
}

function* walk(wrapped: z.core.$ZodType, path: readonly string[]): Generator<Setting> {
  const { schema, meta, default: fallback } = unwrap(wrapped);
  const children = childrenOf(schema);
  const description = textOf(meta['description']);
  if (path.length > 0) {
    yield {
      path: path.join('.'),
      rule: textOf(meta['rule']) ?? '',
      description: description ?? '',
      default: fallback,
      defaultText: textOf(meta['defaultText']),
      secret: meta['secret'] === true,
      group: children.length > 0 && description === null,
    };
  }
  for (const [key, child] of children) yield* walk(child, [...path, key]);
}

/** All settings and groups of settings in the order of the schema, with the defaults of the environment. */
export const listSettings = (environment: Environment): readonly Setting[] => [...walk(configSchema(environment), [])];
