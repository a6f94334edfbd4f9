import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/session.ts';

/** The value as JSON carries it: null prototypes, -0 and values that JSON does not know are gone, so that two such values compare. */
export const asJson = (value: JsonObject): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

/** Whether each top-level key of `wanted` is there with an equal value, however deep. Both as `asJson` makes them. */
export const hasEntries = (metadata: JsonObject, wanted: JsonObject): boolean =>
  Object.keys(wanted).every((key) => Object.hasOwn(metadata, key) && isDeepStrictEqual(metadata[key], wanted[key]));
