/** Bounds of what clients may ask for, from the configuration. */
export interface SessionLimits {
  /** @default 1 */
  readonly minTimeoutSeconds: number;
  /** @default 31_536_000 // a year */
  readonly maxTimeoutSeconds: number;
  /** Of `rules.maxMembers`, and of members where the rules name no maximum. @default 10_000 */
  readonly maxMembersLimit: number;
  /** Of a message's content in UTF-8. @default 65_536 */
  readonly contentBytes: number;
  /** Of `metadata`, `defaults` and `options`, as JSON in UTF-8. @default 10_240 */
  readonly objectBytes: number;
  /** Nesting of the same. @default 20 */
  readonly objectDepth: number;
}

/** Bounds that follow from storage and display, the same everywhere. Characters are UTF-16 code units. */
export const textLimits = {
  name: 128,
  title: 200,
  description: 4_000,
  situation: 16_384,
  reason: 500,
  channel: 128,
  handle: 128,
  agentId: 200,
  idempotencyKey: 255,
  listEntry: 256,
  mediaType: 255,
  url: 2_048,
} as const;

export const passwordBytes = 1_024;
export const listEntries = 1_000;
export const attachmentsPerMessage = 32;
/** Of the files of a session, also where its rules name no maximum: 1 TB. Keeps the counter far below what a store can hold. */
export const maxFileMegabytes = 1_000_000;
